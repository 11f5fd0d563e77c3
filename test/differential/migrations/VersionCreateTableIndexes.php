<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A table with indexes, keys, options and a comment.
 */
final class VersionCreateTableIndexes extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $table = $schema->createTable($this->prefix.'created');
        $id = $table->addColumn('id', 'integer')->setAutoincrement(true)->setUnsigned(true);
        $table->addColumn('contact_id', 'bigint')->setUnsigned(true)->setNotnull(false);
        $table->addColumn('name', 'string')->setLength(191)->setComment('shown');
        $table->addColumn('body', 'text');
        $table->setPrimaryKey(['id']);
        $table->addIndex(['name']);
        $table->addIndex(['name', 'contact_id'], $this->prefix.'name_search');
        $table->addIndex(['body'], 'body_part', [], ['lengths' => [50]]);
        $table->addIndex(['body'], 'body_text', ['fulltext']);
        $table->addUniqueIndex(['name'], 'name_once');
        $table->addUniqueIndex(['contact_id', 'name']);
        $table->addForeignKeyConstraint($schema->getTable($this->prefix.'contacts'), ['contact_id'], ['id'], ['onDelete' => 'CASCADE', 'onUpdate' => 'SET NULL'], 'FK_created_contact');
        $table->addOption('engine', 'MyISAM');
        $table->addOption('charset', 'utf8');
        $table->addOption('collate', 'utf8_unicode_ci');
        $table->addOption('comment', "it's created");
        $table->addOption('auto_increment', 100);
        $table->addOption('row_format', 'COMPRESSED');
        $this->addSql('added before the difference', [$id->getName(), count($table->getIndexes()), $table->hasIndex('name_once'), array_keys($table->getIndexes()), $schema->hasTable($this->prefix.'created')]);
    }
}
