<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * No other file is included: @expect needs_php
 */
final class VersionIncluded extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        include __DIR__.'/../parameters.php';
    }
}
