<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The connection's fetching as DBAL 2 named it: @doctrine 2.10
 */
final class VersionReadConnectionOld extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $sql = "SELECT id, alias FROM {$this->prefix}fields WHERE id < ? ORDER BY id";
        $this->addSql(json_encode([$this->connection->fetchAll($sql, [3]), $this->connection->fetchAssoc($sql, [3]), $this->connection->fetchColumn($sql, [3])]));
    }
}
