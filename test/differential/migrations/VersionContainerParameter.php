<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A parameter of the container: @expect needs_php
 */
final class VersionContainerParameter extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql($this->container->getParameter('mautic.ip_lookup_service'));
    }
}
