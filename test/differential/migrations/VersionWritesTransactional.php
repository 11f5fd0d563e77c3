<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Writes in a closure that is one transaction.
 */
final class VersionWritesTransactional extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->transactional(function ($connection) {
            $connection->update($this->prefix.'mails', ['read_count' => 1], ['id' => 1]);
        });
        $this->addSql('collected');
    }
}
