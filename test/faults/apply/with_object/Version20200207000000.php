<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** Its postUp needs what up had found, and the number of a row that it has just made. */
class Version20200207000000 extends AbstractMauticMigration
{
    private $columns = 0;

    public function up(Schema $schema): void
    {
        $this->columns = count($schema->getTable($this->prefix.'people')->getColumns());
        $this->addSql("ALTER TABLE {$this->prefix}people ADD note VARCHAR(50) DEFAULT NULL");
    }

    public function postUp(Schema $schema): void
    {
        $this->connection->insert("{$this->prefix}people", ['id' => 90, 'name' => 'Zoé', 'note' => "{$this->columns} columns"]);
        $id = $this->connection->lastInsertId();
        $this->connection->executeUpdate("UPDATE {$this->prefix}visits SET hits = hits + $id");
    }
}
