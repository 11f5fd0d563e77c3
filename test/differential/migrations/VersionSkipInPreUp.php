<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Skipped before anything is done.
 */
final class VersionSkipInPreUp extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('never');
    }

    public function preUp(Schema $schema): void
    {
        if ($schema->hasTable($this->prefix.'contacts')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }
}
