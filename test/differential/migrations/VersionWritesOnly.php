<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Nothing but writes outside addSql.
 */
final class VersionWritesOnly extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->executeStatement("UPDATE {$this->prefix}mails SET read_count = 0");
    }
}
