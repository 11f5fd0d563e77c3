<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Aborted with words.
 */
final class VersionAborted extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->abortIf('mysql' === $this->connection->getDatabasePlatform()->getName(), 'Not on this platform');
    }
}
