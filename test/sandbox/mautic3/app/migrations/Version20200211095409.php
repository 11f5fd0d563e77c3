<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Skips inside up.
 */
class Version20200211095409 extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $table = $schema->getTable($this->prefix.'pages');
        if ($table->hasColumn('is_preference_center') && $table->hasIndex($this->prefix.'page_alias_search')) {
            throw new SkipMigration('Schema includes this migration');
        }

        $this->addSql("CREATE INDEX {$this->prefix}page_alias_search ON {$this->prefix}pages (alias)");
    }
}
