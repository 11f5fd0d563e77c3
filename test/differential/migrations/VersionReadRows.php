<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Rows read through executeQuery in every form of fetching.
 */
final class VersionReadRows extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $this->prefix.'contacts';
        $result = $this->connection->executeQuery("SELECT id, email, points, rate, ratio, is_active, identified_at, first_name FROM $contacts ORDER BY id");
        while ($row = $result->fetchAssociative()) {
            $this->addSql('UPDATE x SET y = ? WHERE id = ?', [$row['rate'], $row['id']]);
            $this->addSql('row', $row);
        }
        $sql = "SELECT id, email FROM $contacts ORDER BY id";
        $this->addSql('all', [
            $this->connection->executeQuery($sql)->fetchAllAssociative(), $this->connection->executeQuery($sql)->fetchAllNumeric(), $this->connection->executeQuery($sql)->fetchFirstColumn(), $this->connection->executeQuery($sql)->fetchAllKeyValue(), $this->connection->executeQuery($sql)->fetchAllAssociativeIndexed(),
            $this->connection->executeQuery($sql)->fetchOne(), $this->connection->executeQuery($sql)->fetchNumeric(), $this->connection->executeQuery($sql)->rowCount(), $this->connection->executeQuery($sql)->columnCount(), $this->connection->executeQuery("$sql LIMIT 0")->fetchAssociative(), $this->connection->executeQuery("$sql LIMIT 0")->fetchAllAssociative(), $this->connection->executeQuery("$sql LIMIT 0")->fetchOne(),
        ]);
    }
}
