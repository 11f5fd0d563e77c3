<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The schema manager's lists, from $this->sm and the connection.
 */
final class VersionSchemaManager extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $manager = $this->connection->createSchemaManager();
        $tables = $manager->listTableNames();
        $indexes = array_keys($manager->listTableIndexes($this->prefix.'mails'));
        sort($tables);
        sort($indexes);
        $this->addSql('lists', [
            $tables, $indexes, array_keys($manager->listTableColumns($this->prefix.'mails')), array_map(fn ($key) => $key->getName(), $manager->listTableForeignKeys($this->prefix.'mails')),
            $manager->tablesExist([$this->prefix.'mails']), $manager->tablesExist([$this->prefix.'mails', 'nowhere']), $this->sm->tablesExist($this->prefix.'contacts'), count($manager->listTables()),
            $manager->listTableDetails($this->prefix.'mails')->hasColumn('lang'), $this->connection->getSchemaManager()->introspectTable($this->prefix.'mails')->getColumn('lang')->getDefault(),
        ]);
    }
}
