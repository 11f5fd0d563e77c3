<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Two statements that commit by themselves, and a guard that looks at what the first one changes: killed between
 * them and run again, it skips, and the second never runs.
 */
class Version20191126093923 extends AbstractMauticMigration
{
    /**
     * @throws SkipMigration
     */
    public function preUp(Schema $schema): void
    {
        if (!$schema->getTable($this->prefix.'companies_leads')->hasColumn('manually_added')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        foreach (['manually_added', 'manually_removed'] as $column) {
            $this->addSql("ALTER TABLE {$this->prefix}companies_leads DROP $column");
        }
    }
}
