<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

/**
 * The files in app/migrations and the table of what was executed, with the ways of doctrine/migrations 1.2.2
 * (Mautic 2) and 2.2.1 (Mautic 3), which widens a Mautic 2 table as soon as it is asked anything.
 */
final class MigrationsTable
{
    private Site $site;
    private Connection $connection;

    /** @var string[] */
    private array $available;

    public function __construct(Site $site)
    {
        $this->site       = $site;
        $this->connection = $site->connection();
        $this->available  = [];
        foreach (glob($this->folder().'/Version*.php') as $file) {
            $this->available[] = substr(basename($file, '.php'), strlen('Version'));
        }
        sort($this->available, SORT_STRING);
        $this->prepare();
    }

    public function folder(): string
    {
        return $this->site->root.'/app/migrations';
    }

    public function name(): string
    {
        return $this->site->prefix().'migrations';
    }

    /** @return string[] */
    public function available(): array
    {
        return $this->available;
    }

    /** @return string[] */
    public function executed(): array
    {
        return $this->connection->fetchFirstColumn('SELECT version FROM '.$this->name().' ORDER BY version');
    }

    /** The newest executed version that has a file; "0" when there is none. */
    public function current(): string
    {
        $known = array_intersect($this->executed(), $this->available);

        return $known ? (string) end($known) : '0';
    }

    /** The version that stands $step places from $version in the list of files ("0" in front), or null. */
    public function relative(string $version, int $step): ?string
    {
        $versions = array_merge(['0'], $this->available);
        $place    = array_search($version, $versions, true);

        return false === $place ? null : ($versions[$place + $step] ?? null);
    }

    /** first, prev, current, next, latest or a version; null when there is no such. */
    public function resolve(string $alias): ?string
    {
        switch ($alias) {
            case 'first':
            case '0':
                return '0';
            case 'current':
                return $this->current();
            case 'prev':
                return $this->relative($this->current(), -1);
            case 'next':
                return $this->relative($this->current(), 1);
            case 'latest':
                return $this->available ? end($this->available) : '0';
            default:
                return in_array($alias, $this->available, true) ? $alias : null;
        }
    }

    public function record(string $version): void
    {
        if (Site::MAUTIC_2 === $this->site->generation) {
            $this->connection->insert($this->name(), ['version' => $version]);
        } else {
            $this->connection->insert($this->name(), ['version' => $version, 'executed_at' => gmdate('Y-m-d H:i:s')]);
        }
    }

    public function forget(string $version): void
    {
        $this->connection->delete($this->name(), ['version' => $version]);
    }

    public function describe(string $version): string
    {
        if ('0' === $version) {
            return '<comment>0</comment>';
        }

        return trim($this->dateOf($version)." (<comment>$version</comment>)");
    }

    public function dateOf(string $version): string
    {
        $time = 14 === strlen($version) ? \DateTime::createFromFormat('YmdHis', $version) : false;

        return $time ? $time->format('Y-m-d H:i:s') : '';
    }

    public function load(string $version): Migration
    {
        require_once $this->folder()."/Version$version.php";
        $class     = 'Mautic\\Migrations\\Version'.$version;
        $migration = new $class($this->connection);
        $migration->setSite($this->site);

        return $migration;
    }

    private function prepare(): void
    {
        $table   = $this->name();
        $manager = $this->connection->createSchemaManager();
        if (!$manager->tablesExist([$table])) {
            $columns = Site::MAUTIC_2 === $this->site->generation
                ? 'version VARCHAR(255) NOT NULL'
                : "version VARCHAR(14) NOT NULL, executed_at DATETIME NOT NULL COMMENT '(DC2Type:datetime_immutable)'";
            $this->connection->executeStatement("CREATE TABLE $table ($columns, PRIMARY KEY(version)) DEFAULT CHARACTER SET utf8 COLLATE utf8_unicode_ci ENGINE = InnoDB");
        } elseif (Site::MAUTIC_3 === $this->site->generation && !isset($manager->listTableColumns($table)['executed_at'])) {
            $this->connection->executeStatement("ALTER TABLE $table ADD executed_at DATETIME DEFAULT NULL COMMENT '(DC2Type:datetime_immutable)', CHANGE version version VARCHAR(14) NOT NULL");
        }
    }
}
