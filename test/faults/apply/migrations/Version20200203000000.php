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
        $this->addSql("ALTER TABLE {$this->prefix}people CHANGE id id INT UNSIGNED AUTO_INCREMENT NOT NULL");
        $this->addSql("ALTER TABLE {$this->prefix}visits CHANGE person_id person_id INT UNSIGNED NOT NULL");
        $this->addSql('SET FOREIGN_KEY_CHECKS = 1');
    }
}
