<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * What introspection tells of foreign keys.
 */
final class VersionForeignKeyQuestions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ([$this->prefix.'contacts', $this->prefix.'segment_contacts', $this->prefix.'mails', $this->prefix.'mail_stats'] as $name) {
            $foreignKeys = $schema->getTable($name)->getForeignKeys();
            ksort($foreignKeys);
            foreach ($foreignKeys as $key => $foreignKey) {
                $this->addSql($key, [$foreignKey->getName(), $foreignKey->getLocalColumns(), $foreignKey->getForeignTableName(), $foreignKey->getForeignColumns(), $foreignKey->getOptions(), $foreignKey->onDelete(), $foreignKey->onUpdate(), $foreignKey->hasOption('onDelete'), $foreignKey->getLocalTableName(), $foreignKey->getUnqualifiedForeignTableName(), $foreignKey->getUnquotedLocalColumns()]);
            }
        }
    }
}
