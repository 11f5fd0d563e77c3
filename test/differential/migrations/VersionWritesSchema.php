<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Statements outside addSql that change the schema.
 */
final class VersionWritesSchema extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->executeStatement("ALTER TABLE {$this->prefix}mails ADD now INT");
        $this->connection->executeQuery("CREATE INDEX now ON {$this->prefix}mails (lang)");
        $this->connection->executeStatement('SET FOREIGN_KEY_CHECKS = 0');
        $this->addSql("ALTER TABLE {$this->prefix}mails ADD later INT");
    }
}
