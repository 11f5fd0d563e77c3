<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The environment is not read: @expect needs_php
 */
final class VersionEnvironmentRead extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql((string) getenv('HOME'));
    }
}
