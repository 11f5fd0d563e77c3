<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A migration without return types, as Mautic 2's are.
 */
final class VersionSkipWithoutReturnTypes extends AbstractMauticMigration
{
    public function up(Schema $schema)
    {
        $this->addSql('never');
    }

    public function preUp(Schema $schema)
    {
        if ($schema->getTable(MAUTIC_TABLE_PREFIX.'contacts')->hasColumn('email')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }
}
