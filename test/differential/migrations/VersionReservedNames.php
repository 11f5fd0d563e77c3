<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Names that have to be quoted.
 */
final class VersionReservedNames extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $table = $schema->createTable('`'.$this->prefix.'order`');
        $table->addColumn('select', 'integer');
        $table->addColumn('`group`', 'string', ['length' => 5]);
        $table->addIndex(['select', 'group'], 'index');
        $schema->getTable($this->prefix.'fields')->addColumn('rank', 'integer');
        $schema->getTable($this->prefix.'fields')->getColumn('order')->setNotnull(true);
        $schema->getTable($this->prefix.'fields')->addIndex(['order', 'rank']);
    }
}
