<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Exception;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A read that the server refuses can be caught.
 */
final class VersionReadFails extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        try {
            $this->connection->fetchOne("SELECT nothing FROM {$this->prefix}contacts");
        } catch (Exception $error) {
            $this->addSql('refused', [get_class($error), $error->getCode()]);
        }
        try {
            $this->connection->executeQuery('SELECT 1 FROM nowhere');
        } catch (\Throwable $error) {
            $this->addSql('refused', [$error instanceof \Doctrine\DBAL\Exception\TableNotFoundException, get_class($error)]);
        }
    }
}
