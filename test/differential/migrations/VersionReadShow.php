<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * SHOW and DESCRIBE, information_schema.
 */
final class VersionReadShow extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('shown', [
            $this->connection->fetchFirstColumn("SHOW TABLES LIKE '{$this->prefix}mail%'"), array_column($this->connection->fetchAllAssociative("SHOW INDEX FROM {$this->prefix}mails"), 'Key_name'), $this->connection->fetchFirstColumn("DESCRIBE {$this->prefix}mails"), count($this->connection->fetchAllAssociative("SHOW COLUMNS FROM {$this->prefix}mails WHERE Field = 'lang'")),
            $this->connection->fetchOne('SELECT DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?', [$this->prefix.'mails', 'name']), $this->connection->getDatabase() === $this->connection->fetchOne('SELECT DATABASE()'),
        ]);
    }
}
