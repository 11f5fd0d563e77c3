<?php

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Skipped by the exception's name in Mautic 2, without return types: @doctrine 2.5
 */
final class VersionSkipOldName extends AbstractMauticMigration
{
    public function up(Schema $schema)
    {
        $this->addSql('never');
    }

    public function preUp(Schema $schema)
    {
        if ($schema->getTable(MAUTIC_TABLE_PREFIX.'contacts')->hasColumn('email')) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }
}
