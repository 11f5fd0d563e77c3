<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * An exception of its own.
 */
final class VersionThrown extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        throw new \Exception('Something is wrong with '.$this->prefix.'contacts');
    }
}
