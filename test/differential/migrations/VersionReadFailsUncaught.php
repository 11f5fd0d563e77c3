<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A read that the server refuses ends the migration.
 */
final class VersionReadFailsUncaught extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->fetchOne("SELECT nothing FROM {$this->prefix}contacts");
    }
}
