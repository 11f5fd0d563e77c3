<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * What a migration asks of $schema and its tables.
 */
final class VersionSchemaQuestions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $this->addSql('has', [
            $schema->hasTable($this->prefix.'contacts'), $schema->hasTable('nowhere'), $schema->hasTable(strtoupper($this->prefix.'contacts')), $schema->hasTable($this->prefix.'active_contacts'),
            $contacts->hasColumn('email'), $contacts->hasColumn('EMAIL'), $contacts->hasColumn('nothing'), $contacts->hasIndex('contact_points_date'), $contacts->hasIndex('idx_a1b2c3d4'), $contacts->hasIndex('PRIMARY'), $contacts->hasIndex('primary'),
            $contacts->hasForeignKey('FK_A1B2C3D4'), $contacts->hasForeignKey('fk_a1b2c3d4'), $contacts->hasForeignKey('none'), $contacts->hasPrimaryKey(), $schema->getTable($this->prefix.'legacy_log')->hasPrimaryKey(), $contacts->hasOption('engine'), $contacts->hasOption('nothing'),
        ]);
        $tables = array_map(fn ($table) => $table->getName(), array_values($schema->getTables()));
        $indexes = array_keys($contacts->getIndexes());
        sort($tables);
        sort($indexes);
        $this->addSql('names', [
            $contacts->getName(), $tables, array_keys($contacts->getColumns()), $indexes, array_keys($contacts->getForeignKeys()),
            $contacts->getPrimaryKey()->getColumns(), $contacts->getPrimaryKey()->getName(), $contacts->getOption('engine'), $contacts->getOption('collation'), $schema->getTable($this->prefix.'segments')->getComment(), array_diff_key($schema->getTable($this->prefix.'segments')->getOptions(), ['autoincrement' => true]), $schema->getName() !== '', count($schema->getTableNames()),
            sizeof($contacts->getIndexes()) > 3, $contacts->getPrimaryKeyColumns() !== [], $schema->getTable($this->prefix.'segment_contacts')->getPrimaryKey()->getColumns(), $contacts->getQuotedName($this->connection->getDatabasePlatform()), $contacts->getShortestName('x'),
        ]);
    }
}
