<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** Its statements depend on rows that the ones before it made. */
class Version20200205000000 extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ($this->connection->fetchAll("SELECT id, name FROM {$this->prefix}towns ORDER BY id") as $town) {
            $this->addSql("UPDATE {$this->prefix}towns SET name = CONCAT(name, '-', {$town['id']}) WHERE id = {$town['id']}");
        }
        $this->addSql("ALTER TABLE {$this->prefix}visits ADD seen DATETIME DEFAULT NULL; CREATE INDEX by_hits ON {$this->prefix}visits (hits)");
    }
}
