<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * One statement that writes the whole table anew: with many rows it takes its time.
 */
class Version20190513112200 extends AbstractMauticMigration
{
    public function preUp(Schema $schema)
    {
        $table = $schema->getTable("{$this->prefix}page_hits");

        if ($table->hasColumn('source') && $table->hasColumn('date_left')) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        $sql = "ALTER TABLE `{$this->prefix}page_hits`"
            .' ADD `date_left` DATETIME DEFAULT NULL AFTER `date_hit`,'
            .' ADD `source` VARCHAR(191) DEFAULT NULL,'
            .' ADD `source_id` INT DEFAULT NULL,'
            ." ADD INDEX `{$this->prefix}page_hit_source_search` (`source`, `source_id`),"
            ." ADD INDEX `{$this->prefix}page_date_hit_left` (`date_hit`, `date_left`),"
            .' ALGORITHM=COPY';
        $this->addSql($sql);
    }
}
