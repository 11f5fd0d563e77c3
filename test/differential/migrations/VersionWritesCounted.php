<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The number of rows that a write changed is not known beforehand: @expect needs_php
 */
final class VersionWritesCounted extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $count = $this->connection->executeStatement("UPDATE {$this->prefix}mails SET read_count = 0");
        if ($count > 1) {
            $this->addSql('more than one');
        }
    }
}
