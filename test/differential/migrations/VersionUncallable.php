<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A method that may be a newer base class's: @expect needs_php
 */
final class VersionUncallable extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->nowhere();
    }
}
