<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The connection's own fetching.
 */
final class VersionReadShortcuts extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $sql = "SELECT alias, label FROM {$this->prefix}fields WHERE id > ? ORDER BY id";
        $this->addSql('shortcuts', [
            $this->connection->fetchAllAssociative($sql, [4]), $this->connection->fetchAssociative($sql, [0]), $this->connection->fetchNumeric($sql, [0]), $this->connection->fetchOne($sql, [0]), $this->connection->fetchAllNumeric($sql, [5]), $this->connection->fetchFirstColumn($sql, [0]), $this->connection->fetchAllKeyValue($sql, [3]), $this->connection->fetchAllAssociativeIndexed($sql, [5]), $this->connection->fetchOne($sql, [999]), $this->connection->fetchAssociative($sql, [999]),
        ]);
        foreach ($this->connection->iterateAssociative("SELECT id FROM {$this->prefix}fields WHERE id < 3 ORDER BY id") as $row) {
            $this->addSql('iterated '.$row['id']);
        }
        foreach ($this->connection->iterateKeyValue("SELECT alias, label FROM {$this->prefix}fields WHERE id < 3 ORDER BY id") as $alias => $label) {
            $this->addSql("$alias => $label");
        }
    }
}
