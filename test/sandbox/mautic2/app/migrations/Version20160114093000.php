<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Companies, and who works there.
 */
class Version20160114093000 extends AbstractMauticMigration
{
    /**
     * @throws SkipMigrationException
     */
    public function preUp(Schema $schema)
    {
        if ($schema->hasTable($this->prefix.'companies')) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        $index   = $this->generatePropertyName('companies_leads', 'idx', ['lead_id']);
        $company = $this->generatePropertyName('companies_leads', 'fk', ['company_id']);

        $sql = <<<SQL
CREATE TABLE {$this->prefix}companies (
    id INT AUTO_INCREMENT NOT NULL,
    companyname VARCHAR(191) DEFAULT NULL,
    score INT NOT NULL,
    PRIMARY KEY(id)
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci ENGINE = InnoDB;
SQL;
        $this->addSql($sql);

        $this->addSql(<<<SQL
CREATE TABLE IF NOT EXISTS {$this->prefix}companies_leads (
    company_id INT NOT NULL,
    lead_id INT NOT NULL,
    date_added DATETIME NOT NULL,
    is_primary TINYINT(1) DEFAULT NULL,
    manually_removed TINYINT(1) NOT NULL,
    manually_added TINYINT(1) NOT NULL,
    INDEX $index (lead_id),
    PRIMARY KEY(company_id, lead_id),
    CONSTRAINT $company FOREIGN KEY (company_id) REFERENCES {$this->prefix}companies (id) ON DELETE CASCADE
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci ENGINE = InnoDB
SQL
        );
    }
}
