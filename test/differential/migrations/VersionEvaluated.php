<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * eval: @expect needs_php
 */
final class VersionEvaluated extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        eval('$this->addSql("evaluated");');
    }
}
