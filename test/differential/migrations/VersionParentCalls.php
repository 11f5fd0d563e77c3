<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Calls of the parent's methods that do nothing.
 */
final class VersionParentCalls extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        parent::up($schema);
        $this->addSql('ran');
    }

    public function preUp(Schema $schema): void
    {
        parent::preUp($schema);
    }

    public function postUp(Schema $schema): void
    {
        parent::postUp($schema);
    }
}
