<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A migration that adds nothing.
 */
final class VersionNothingAdded extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $unused = 1;
    }
}
