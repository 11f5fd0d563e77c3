<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** A write outside addSql, and the session's own settings. */
class Version20200203000000 extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->executeUpdate("UPDATE {$this->prefix}visits SET hits = hits + 100 WHERE person_id = 1");
        $this->addSql('SET FOREIGN_KEY_CHECKS = 0');
        $this->addSql("INSERT INTO {$this->prefix}visits (id, person_id, hits) VALUES (4, 999, 1)");
        $this->addSql("ALTER TABLE {$this->prefix}people ADD age SMALLINT UNSIGNED DEFAULT NULL COMMENT 'in years'");
        $this->addSql("DELETE FROM {$this->prefix}people WHERE name = 'Ada'");
        $this->addSql('SET FOREIGN_KEY_CHECKS = 1');
    }
}
