<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Order of a number and a text on which PHP 7 and PHP 8 disagree: @expect needs_php
 */
final class VersionComparisonDisagreedOrder extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('order', ['abc' < 1]);
    }
}
