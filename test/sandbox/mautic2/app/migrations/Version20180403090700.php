<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Version20180403090700 extends AbstractMauticMigration
{
    public function preUp(Schema $schema)
    {
        if ($schema->getTable(MAUTIC_TABLE_PREFIX.'pages')->hasColumn('is_preference_center')) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        $table = MAUTIC_TABLE_PREFIX.'pages';
        // The name is made from a table that has its prefix already.
        $index = $this->generatePropertyName($table, 'idx', ['is_preference_center']);
        $this->addSql("ALTER TABLE $table ADD is_preference_center TINYINT(1) DEFAULT NULL;");
        $this->addSql("CREATE INDEX $index ON $table (is_preference_center);");
        $this->addSql("DROP INDEX $index ON $table;");
    }
}
