<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Tables with generated names of keys, default and named schema options, and a composite key.
 */
final class VersionCreateTableDefaults extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $one = $schema->createTable($this->prefix.'one');
        $one->addColumn('left_id', 'integer', ['unsigned' => true]);
        $one->addColumn('right_id', 'integer');
        $one->setPrimaryKey(['left_id', 'right_id']);
        $one->addForeignKeyConstraint($this->prefix.'segments', ['left_id'], ['id'], ['onDelete' => 'CASCADE']);
        $one->addForeignKeyConstraint($this->prefix.'mails', ['right_id'], ['id']);
        $two = $schema->createTable($this->prefix.'two');
        $two->addColumn('one_left', 'integer', ['unsigned' => true, 'notnull' => false]);
        $two->addColumn('one_right', 'integer', ['notnull' => false]);
        $two->addForeignKeyConstraint($one, ['one_left', 'one_right'], ['left_id', 'right_id'], ['onDelete' => 'SET NULL']);
    }
}
