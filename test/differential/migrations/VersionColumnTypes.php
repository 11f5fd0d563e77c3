<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The types, lengths and options that introspection gives every kind of column.
 */
final class VersionColumnTypes extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ($schema->getTable($this->prefix.'kinds')->getColumns() as $name => $column) {
            $this->addSql($name, [
                $column->getName(), get_class($column->getType()), $column->getType()->getName(), $column->getLength(), $column->getPrecision(), $column->getScale(), $column->getUnsigned(), $column->getFixed(), $column->getNotnull(), $column->getNotNull(),
                $column->getDefault(), $column->getAutoincrement(), $column->getComment(), $column->getPlatformOptions(), $column->getColumnDefinition(),
            ]);
        }
    }
}
