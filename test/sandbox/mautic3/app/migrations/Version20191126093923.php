<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Two statements that commit by themselves: killed between them, it goes on with the second.
 */
class Version20191126093923 extends AbstractMauticMigration
{
    /**
     * @throws SkipMigration
     */
    public function preUp(Schema $schema): void
    {
        $table = $schema->getTable($this->prefix.'companies_leads');

        if (!$table->hasColumn('manually_added') && !$table->hasColumn('manually_removed')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        $table = $schema->getTable($this->prefix.'companies_leads');
        foreach (['manually_added', 'manually_removed'] as $column) {
            if ($table->hasColumn($column)) {
                $this->addSql("ALTER TABLE {$this->prefix}companies_leads DROP $column");
            }
        }
    }
}
