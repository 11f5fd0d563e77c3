<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Comparisons on which PHP 7 and PHP 8 disagree: @expect needs_php
 */
final class VersionComparisonDisagreed extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('zero', [0 == 'abc']);
    }
}
