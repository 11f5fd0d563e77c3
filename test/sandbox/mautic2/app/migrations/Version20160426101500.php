<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Version20160426101500 extends AbstractMauticMigration
{
    public function preUp(Schema $schema)
    {
        if ($schema->getTable($this->prefix.'emails')->hasColumn('dynamic_content')) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        $this->addSql("ALTER TABLE {$this->prefix}emails ADD dynamic_content LONGTEXT DEFAULT NULL COMMENT '(DC2Type:array)'");
    }
}
