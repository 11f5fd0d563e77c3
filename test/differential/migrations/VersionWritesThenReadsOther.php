<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A read of a table that no write has touched.
 */
final class VersionWritesThenReadsOther extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->executeStatement("UPDATE {$this->prefix}mails SET read_count = 0");
        $this->addSql('read', [$this->connection->fetchOne("SELECT COUNT(*) FROM {$this->prefix}fields")]);
    }
}
