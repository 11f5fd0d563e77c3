<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A service of the container: @expect needs_php
 */
final class VersionContainerService extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->container->get('translator')->trans('x');
    }
}
