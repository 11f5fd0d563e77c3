<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A read that finds nothing: skipped in preUp by its rows.
 */
final class VersionReadEmptyList extends AbstractMauticMigration
{
    private $rows;

    public function up(Schema $schema): void
    {
        $this->addSql('never');
    }

    public function preUp(Schema $schema): void
    {
        $this->rows = $this->connection->fetchAllAssociative("SELECT id FROM {$this->prefix}mails WHERE name = 'nothing'");
        if (!$this->rows) {
            throw new SkipMigration('No data to migrate');
        }
    }
}
