<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\ParameterType;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Writes outside addSql, by every call that makes one.
 */
final class VersionWritesDirect extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $mails = $this->prefix.'mails';
        $this->connection->executeStatement("UPDATE $mails SET lang = 'fr' WHERE id = 1");
        $this->connection->executeStatement("UPDATE $mails SET lang = :lang WHERE id = :id", ['lang' => 'it', 'id' => 2]);
        $this->connection->executeUpdate("UPDATE $mails SET lang = ? WHERE id = ?", ['es', 3]);
        $this->connection->exec("DELETE FROM $mails WHERE id = 99");
        $this->connection->executeQuery("UPDATE $mails SET lang = 'nl' WHERE id = 98");
        $this->connection->insert($this->prefix.'legacy_log', ['when_logged' => 5, 'what' => null]);
        $this->connection->update($mails, ['lang' => 'pt', 'parent_id' => null], ['id' => 1]);
        $this->connection->delete($mails, ['id' => 97, 'parent_id' => null]);
        $this->connection->delete($mails, ['lang' => 'xx']);
        $statement = $this->connection->prepare("UPDATE $mails SET name = :name WHERE id = :id");
        $statement->bindValue('name', "it's", \PDO::PARAM_STR);
        $statement->bindValue('id', 7, \PDO::PARAM_INT);
        $statement->executeStatement();
        $statement->bindValue('id', 8, ParameterType::INTEGER);
        $statement->execute();
        $this->addSql('collected');
    }
}
