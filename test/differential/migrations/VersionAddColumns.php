<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Columns added to a table that is there.
 */
final class VersionAddColumns extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $table = $schema->getTable($this->prefix.'contacts');
        $table->addColumn('added', 'string', ['length' => 32, 'notnull' => false]);
        $table->addColumn('added_at', 'datetime', ['notnull' => false, 'comment' => 'when']);
        $table->addColumn('flag', 'boolean', ['default' => false]);
        $table->addColumn('data', 'text', ['notnull' => false, 'length' => 65535]);
        $table->addColumn('big', 'bigint', ['unsigned' => true, 'default' => 0]);
        $table->addIndex(['added'], $this->prefix.'added_index');
    }
}
