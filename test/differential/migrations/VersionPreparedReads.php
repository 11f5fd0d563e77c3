<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Prepared statements: bindValue, bindParam, executeQuery, several times.
 */
final class VersionPreparedReads extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $statement = $this->connection->prepare("SELECT label FROM {$this->prefix}fields WHERE id = :id");
        $labels = [];
        foreach ([1, 2, 99] as $id) {
            $statement->bindValue('id', $id, \PDO::PARAM_INT);
            $labels[] = $statement->executeQuery()->fetchOne();
        }
        $positional = $this->connection->prepare("SELECT COUNT(*) FROM {$this->prefix}fields WHERE type = ? AND id > ?");
        $positional->bindValue(1, 'lookup');
        $positional->bindValue(2, 2);
        $labels[] = $positional->executeQuery()->fetchOne();
        $labels[] = $positional->execute(['number', 0])->fetchOne();
        $statement->bindValue(':id', 4);
        $labels[] = $statement->executeQuery()->fetchAssociative();
        $this->addSql('labels', $labels);
    }
}
