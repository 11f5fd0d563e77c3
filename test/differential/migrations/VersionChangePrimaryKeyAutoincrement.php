<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A primary key on a column that counts, and one that stops counting.
 */
final class VersionChangePrimaryKeyAutoincrement extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $fields = $schema->getTable($this->prefix.'fields');
        $fields->dropPrimaryKey();
        $fields->getColumn('id')->setAutoincrement(false);
        $fields->addColumn('uuid', 'guid');
        $fields->setPrimaryKey(['uuid']);
        $schema->getTable($this->prefix.'legacy_log')->addColumn('id', 'integer', ['autoincrement' => true]);
        $schema->getTable($this->prefix.'legacy_log')->setPrimaryKey(['id']);
    }
}
