<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The id that an insert gave is not known beforehand: @expect needs_php
 */
final class VersionWritesLastId extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->insert($this->prefix.'segments', ['name' => 'x', 'alias' => 'x', 'filters' => 'a:0:{}']);
        $this->addSql('id', [$this->connection->lastInsertId()]);
    }
}
