<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The number of rows is only said, but added up before: @expect needs_php
 */
final class VersionWritesCountSaid extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $updated = 0;
        foreach ([1, 2] as $id) {
            $statement = $this->connection->prepare("UPDATE {$this->prefix}mails SET lang = :lang WHERE id = :id");
            $statement->bindValue('lang', 'en', \PDO::PARAM_STR);
            $statement->bindValue('id', $id, \PDO::PARAM_INT);
            $updated += $statement->executeStatement();
        }
        $this->write(sprintf('<comment>%s record(s) have been updated successfully.</comment>', $updated));
    }
}
