<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A class of a plugin: @expect needs_php
 */
final class VersionUnknownClass extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql(\MauticPlugin\Nowhere\Helper::name());
    }
}
