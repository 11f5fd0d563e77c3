<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** Schema and rows in turn, with a guard that looks at the first statement only: once torn, Doctrine skips the rest. */
class Version20200202000000 extends AbstractMauticMigration
{
    public function preUp(Schema $schema): void
    {
        if ($schema->getTable($this->prefix.'people')->hasColumn('country')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        $index = $this->generatePropertyName('people', 'idx', ['country']);
        $this->addSql("ALTER TABLE {$this->prefix}people ADD country VARCHAR(2) DEFAULT NULL");
        $this->addSql("UPDATE {$this->prefix}people SET country = 'FR', town = CONCAT(town, '!') WHERE town = 'Paris';");
        $this->addSql("CREATE INDEX $index ON {$this->prefix}people (country); UPDATE {$this->prefix}visits SET hits = hits * 2");
        $this->addSql("ALTER TABLE {$this->prefix}visits ADD CONSTRAINT fk_person FOREIGN KEY (person_id) REFERENCES {$this->prefix}people (id)");
        $this->addSql("CREATE TABLE {$this->prefix}towns (id INT AUTO_INCREMENT NOT NULL, name VARCHAR(50) NOT NULL, PRIMARY KEY(id)) ENGINE = InnoDB");
        $this->addSql("INSERT INTO {$this->prefix}towns (name) SELECT DISTINCT town FROM {$this->prefix}people WHERE town IS NOT NULL ORDER BY town");
        $this->addSql("ALTER TABLE {$this->prefix}people DROP town");
    }
}
