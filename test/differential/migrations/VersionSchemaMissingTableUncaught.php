<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A table that is not there ends the migration.
 */
final class VersionSchemaMissingTableUncaught extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $schema->getTable('nowhere');
    }
}
