<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** Finds its work done. */
class Version20200204000000 extends AbstractMauticMigration
{
    public function preUp(Schema $schema): void
    {
        if ($schema->hasTable($this->prefix.'towns')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        $this->addSql("DROP TABLE {$this->prefix}people");
    }
}
