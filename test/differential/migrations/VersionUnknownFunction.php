<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A function that nobody knows: @expect needs_php
 */
final class VersionUnknownFunction extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql(a_function_of_a_plugin());
    }
}
