<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A read that depends on a write: @expect needs_php
 */
final class VersionWritesThenReads extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->executeStatement("UPDATE {$this->prefix}mails SET read_count = read_count + 1");
        $this->addSql('read', [$this->connection->fetchOne("SELECT SUM(read_count) FROM {$this->prefix}mails")]);
    }
}
