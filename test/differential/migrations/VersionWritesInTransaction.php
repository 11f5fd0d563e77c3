<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Writes between beginTransaction and commit, as Mautic 2's files do it.
 */
final class VersionWritesInTransaction extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->beginTransaction();
        try {
            foreach ($this->connection->fetchAllAssociative("SELECT id FROM {$this->prefix}segments ORDER BY id") as $row) {
                $this->connection->update($this->prefix.'mails', ['read_count' => 1], ['id' => $row['id']]);
            }
            $this->connection->commit();
        } catch (\Exception $error) {
            $this->connection->rollBack();
        }
    }
}
