<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * quote, quoteIdentifier and literals.
 */
final class VersionQuoting extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('quoted', [
            $this->connection->quote("it's"), $this->connection->quote('back\\slash "x"'), $this->connection->quote("line\nfeed\0\x1a\r"), $this->connection->quote('ä😀'), $this->connection->quote(''), $this->connection->quote('5'), $this->connection->quoteIdentifier('order'), $this->connection->quoteIdentifier('a.b'), $this->connection->quoteIdentifier('we`ird'),
            $this->connection->createQueryBuilder()->expr()->literal("it's"), $this->connection->getDatabasePlatform()->quoteIdentifier('x'),
        ]);
        foreach (['one', "two's"] as $name) {
            $this->addSql("INSERT INTO {$this->prefix}mails (name) VALUES ({$this->connection->quote($name)})");
        }
    }
}
