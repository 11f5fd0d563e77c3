<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Helper methods, properties and getters as Mautic 5's files have them.
 */
final class VersionHelpers extends AbstractMauticMigration
{
    private const INDEX = 'IDX_'.self::TABLE;
    private const TABLE = 'contacts';
    protected static string $deleting = 'SET NULL';
    private array $types = ['x' => ['INT', 'NOT NULL'], 'y' => []];

    public function up(Schema $schema): void
    {
        $this->addSql(sprintf('ALTER TABLE %s DROP FOREIGN KEY %s, DROP INDEX `%s`', $this->getTableName(), $this->getForeignKeyName(), self::INDEX));
        $this->addSql("ALTER TABLE {$this->getTableName()} ADD CONSTRAINT {$this->getForeignKeyName()} FOREIGN KEY (owner_id) REFERENCES {$this->prefix}segments (id) ON DELETE ".static::onDelete());
        $this->addSql($this->addColumn('x', ...$this->types['x']));
    }

    private function getTableName(): string
    {
        return $this->prefix.self::TABLE;
    }

    private function getForeignKeyName(string $suffix = ''): string
    {
        return $this->generatePropertyName(self::TABLE, 'fk', ['owner_id']).$suffix;
    }

    protected static function onDelete(): string
    {
        return self::$deleting;
    }

    private function addColumn(string $name, ?string $type = null, string ...$more): string
    {
        return 'ALTER TABLE '.$this->getTableName().' ADD '.implode(' ', array_filter([$name, $type, ...$more]));
    }
}
