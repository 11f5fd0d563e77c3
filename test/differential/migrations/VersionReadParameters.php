<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Connection;
use Doctrine\DBAL\ParameterType;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Parameters of reads: named, positional, types, arrays, null, booleans, texts with quotes.
 */
final class VersionReadParameters extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $this->prefix.'contacts';
        $this->addSql('parameters', [
            $this->connection->fetchFirstColumn("SELECT id FROM $contacts WHERE points > :least AND email LIKE :like ORDER BY id", ['least' => -5, 'like' => '%example%']),
            $this->connection->fetchFirstColumn("SELECT id FROM $contacts WHERE id IN (?) ORDER BY id", [[1, 3]], [Connection::PARAM_INT_ARRAY]),
            $this->connection->fetchFirstColumn("SELECT id FROM $contacts WHERE email IN (:emails) AND points >= :points ORDER BY id", ['emails' => ['ann@example.com', "it's"], 'points' => 0], ['emails' => Connection::PARAM_STR_ARRAY]),
            $this->connection->fetchOne("SELECT ? IS NULL", [null]), $this->connection->fetchOne('SELECT ?', [true], [ParameterType::BOOLEAN]), $this->connection->fetchOne('SELECT ?', [false]), $this->connection->fetchOne('SELECT ?', ["it's \\ \"x\" \0 ?"]), $this->connection->fetchOne('SELECT CONCAT(:a, :b, :a)', ['a' => 'x', 'b' => 'y']), $this->connection->fetchOne('SELECT ? + 1', [41], [\PDO::PARAM_INT]), $this->connection->fetchOne("SELECT ':no' /* :no ? */ , ?", ['x']),
            $this->connection->fetchOne('SELECT ?', [new \DateTime('2020-01-02 03:04:05', new \DateTimeZone('UTC'))], ['datetime']), $this->connection->fetchOne('SELECT ?', [['a' => 1]], ['json']), $this->connection->fetchOne('SELECT ?', [1.5]),
        ]);
    }
}
