<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * An undefined variable is read, what comes of it depends on settings: @expect needs_php
 */
final class VersionUndefinedVariable extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        if ($nothing) {
            $this->addSql('never');
        }
        $this->addSql("value: $nothing", [$nothing, $this->missing['x'] ?? 5]);
    }
}
