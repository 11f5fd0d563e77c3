<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\FetchMode;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Fetching as Mautic 2 and 3 did it: query, fetch, fetchAll with modes, statements as results: @doctrine 2.10
 */
final class VersionReadOldWays extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $sql = "SELECT id, alias FROM {$this->prefix}fields WHERE id < 4 ORDER BY id";
        $statement = $this->connection->prepare($sql);
        $statement->execute();
        $rows = $statement->fetchAll(FetchMode::ASSOCIATIVE);
        $statement->closeCursor();
        $one = $this->connection->prepare("SELECT id FROM {$this->prefix}fields WHERE alias = :alias");
        $one->bindValue('alias', 'colour');
        $one->execute();
        $this->addSql(json_encode([
            $rows, $one->fetch(FetchMode::ASSOCIATIVE), $this->connection->executeQuery($sql)->fetchAll(), $this->connection->executeQuery($sql)->fetchAll(FetchMode::NUMERIC), $this->connection->executeQuery($sql)->fetchAll(FetchMode::COLUMN), $this->connection->executeQuery($sql)->fetch(FetchMode::NUMERIC), $this->connection->query($sql)->fetchAll(), $this->connection->executeQuery($sql)->fetchAll(\PDO::FETCH_ASSOC),
        ]));
    }
}
