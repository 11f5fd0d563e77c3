<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Schema\Table;

/**
 * Tables declared in a few words, as a DBAL schema:
 *   'emails' => ['id' => 'integer auto', 'subject' => 'string?', 'category_id' => 'integer? > categories.id set null',
 *                '#primary' => ['id'], '#index subject' => ['subject'], '#unique' => [...]]
 * '?' is nullable; '>' adds a foreign key with its index. Index names are made as Mautic makes them when the key
 * gives none. What users add in Mautic itself, the contacts' custom fields, belongs to the mapping as well.
 */
final class Mapping
{
    private const OPTIONS = ['charset' => 'utf8mb4', 'collate' => 'utf8mb4_unicode_ci', 'engine' => 'InnoDB'];

    private array $tables;
    private Site $site;

    public function __construct(array $tables, Site $site)
    {
        $this->tables = $tables;
        $this->site   = $site;
    }

    public function schema(): Schema
    {
        $schema = new Schema([], [], $this->site->connection()->createSchemaManager()->createSchemaConfig());
        $prefix = $this->site->prefix();
        foreach ($this->tables as $name => $columns) {
            $table = $schema->createTable($prefix.$name);
            foreach (self::OPTIONS as $option => $value) {
                $table->addOption($option, $value);
            }
            foreach ($columns as $key => $value) {
                '#' === $key[0] ? $this->addKey($table, $key, $value) : $this->addColumn($table, $key, $value);
            }
        }
        if ($schema->hasTable($prefix.'leads')) {
            $this->addCustomFields($schema->getTable($prefix.'leads'));
        }

        return $schema;
    }

    private function addColumn(Table $table, string $name, string $declared): void
    {
        preg_match('/^(\w+)(?:\((\d+)\))?(\?)?( auto)?(?: default (\S+))?(?: > (\w+)\.(\w+) (.+))?$/', $declared, $parts);
        $options = ['notnull' => '' === ($parts[3] ?? ''), 'autoincrement' => '' !== ($parts[4] ?? '')];
        if ('' !== ($parts[2] ?? '')) {
            $options['length'] = (int) $parts[2];
        }
        if ('' !== ($parts[5] ?? '')) {
            $options['default'] = $parts[5];
        }
        $table->addColumn($name, $parts[1], $options);
        if (isset($parts[6])) {
            $table->addIndex([$name], $this->generateName('idx', $table, [$name]));
            $table->addForeignKeyConstraint($this->site->prefix().$parts[6], [$name], [$parts[7]], ['onDelete' => strtoupper($parts[8])], $this->generateName('fk', $table, [$name]));
        }
    }

    private function addKey(Table $table, string $key, array $columns): void
    {
        [$kind, $name] = explode(' ', substr($key, 1).' ');
        if ('primary' === $kind) {
            $table->setPrimaryKey($columns);
        } elseif ('unique' === $kind) {
            $table->addUniqueIndex($columns, $name ? $this->site->prefix().$name : $this->generateName('uniq', $table, $columns));
        } else {
            $table->addIndex($columns, $name ? $this->site->prefix().$name : $this->generateName('idx', $table, $columns));
        }
    }

    private function addCustomFields(Table $table): void
    {
        $fields = $this->site->connection()->fetchAllAssociative("SELECT alias, type FROM {$this->site->prefix()}lead_fields WHERE object = 'lead' ORDER BY id");
        foreach ($fields as $field) {
            if (!$table->hasColumn($field['alias'])) {
                $this->addColumn($table, $field['alias'], 'date' === $field['type'] ? 'date?' : 'string(191)?');
            }
        }
    }

    private function generateName(string $type, Table $table, array $columns): string
    {
        return self::propertyName($type, $table->getName(), $columns);
    }

    /** Mautic's names for keys: the CRC-32 of the table and of each column, in hexadecimal. */
    public static function propertyName(string $type, string $table, array $columns): string
    {
        $name = $type.'_';
        foreach (array_merge([$table], $columns) as $part) {
            $name .= dechex(crc32($part));
        }

        return substr(strtoupper($name), 0, 63);
    }
}
