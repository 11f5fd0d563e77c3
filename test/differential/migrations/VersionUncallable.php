<?php

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A method that is not there ends the migration.
 */
final class VersionUncallable extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->nowhere();
    }
}
