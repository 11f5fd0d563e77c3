<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\CoreBundle\Doctrine;

use Sandbox\Console\Mapping;
use Sandbox\Console\Migration;
use Sandbox\Console\Site;

/** What migration files of a Mautic find in their base class. */
abstract class AbstractMauticMigration extends Migration
{
    protected string $prefix = '';
    protected string $platform = 'mysql';

    public function setSite(Site $site): void
    {
        $this->prefix = $site->prefix();
        defined('MAUTIC_TABLE_PREFIX') || define('MAUTIC_TABLE_PREFIX', $this->prefix);
    }

    /** The name a key of these columns would be given; $table is written without the prefix. */
    protected function generatePropertyName($table, $type, array $columnNames)
    {
        return Mapping::propertyName($type, $this->prefix.$table, $columnNames);
    }

    /** The live key whose name ends in the same four characters, in capitals; an empty string when there is none. */
    protected function findPropertyName($table, $type, $suffix)
    {
        $manager = $this->connection->createSchemaManager();
        $keys    = 'fk' === strtolower($type)
            ? $manager->listTableForeignKeys($this->prefix.$table)
            : array_filter($manager->listTableIndexes($this->prefix.$table), static function ($index) use ($type) {
                return false !== stripos($index->getName(), $type);
            });
        $found = '';
        foreach ($keys as $key) {
            if (0 === strcasecmp(substr($key->getName(), -4), substr($suffix, -4))) {
                $found = strtoupper($key->getName());
            }
        }

        return $found;
    }

    protected function suppressNoSQLStatementError(): void
    {
        $this->addSql('SELECT "This migration did not generate select statements." AS purpose');
    }
}
