<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A table that is renamed is dropped and created.
 */
final class VersionRenameTable extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $schema->renameTable($this->prefix.'legacy_log', $this->prefix.'log');
    }
}
