<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Sandbox\Console;

use Doctrine\DBAL\DriverManager;

/**
 * One site: its folders, its parameters, its compiled container and its connection. As in Mautic, what stands in
 * the compiled container counts until the cache is cleared, whatever local.php says by now.
 */
final class Site
{
    public const MAUTIC_2 = 2;
    public const MAUTIC_3 = 3;

    public string $root;
    public int $generation;
    public string $version;
    public string $environment;
    private ?array $container      = null;
    private ?Connection $connection = null;

    public function __construct(string $root, int $generation, string $environment)
    {
        $this->root        = $root;
        $this->generation  = $generation;
        $this->environment = $environment;
        $this->version     = self::MAUTIC_2 === $generation
            ? trim((string) file_get_contents($root.'/app/version.txt'))
            : json_decode((string) file_get_contents($root.'/app/release_metadata.json'), true)['version'];
    }

    /** $parameters of local.php and parameters_local.php, with getenv() and %kernel.root_dir% replaced. */
    public function readParameters(): array
    {
        $root = $this->root.'/app';
        include $root.'/config/paths.php';
        $parameters = [];
        $local      = str_replace('%kernel.root_dir%', $root, $paths['local_config']);
        if (is_file($local)) {
            include $local;
        }
        if (is_file($root.'/config/parameters_local.php')) {
            include $root.'/config/parameters_local.php';
        }
        foreach ($parameters as $name => $value) {
            if (!is_string($value)) {
                continue;
            }
            if (preg_match('/getenv\((.*?)\)/', $value, $match)) {
                $value = getenv($match[1]);
                if (false === $value) {
                    throw new \RuntimeException(sprintf('The parameter "%s" needs the environment variable %s, which is not set.', $name, $match[1]));
                }
            }
            $parameters[$name] = str_replace('%kernel.root_dir%', $root, $value);
        }

        return $parameters;
    }

    public function parameter(string $name, $default = '')
    {
        $this->container ??= $this->loadContainer();

        return $this->container[$name] ?? $default;
    }

    public function prefix(): string
    {
        return (string) $this->parameter('db_table_prefix');
    }

    public function connection(): Connection
    {
        if (null === $this->connection) {
            $this->connection = DriverManager::getConnection([
                'driver'        => $this->parameter('db_driver', 'pdo_mysql'),
                'host'          => $this->parameter('db_host', 'localhost'),
                'port'          => $this->parameter('db_port', 3306),
                'dbname'        => $this->parameter('db_name'),
                'user'          => $this->parameter('db_user'),
                'password'      => $this->parameter('db_password'),
                'charset'       => 'utf8mb4',
                'wrapperClass'  => Connection::class,
            ]);
            $platform = $this->connection->getDatabasePlatform();
            foreach (['enum', 'point', 'bit'] as $type) {
                $platform->registerDoctrineTypeMapping($type, 'string');
            }
        }

        return $this->connection;
    }

    public function cacheFolder(): string
    {
        return $this->parameter('cache_path').'/'.$this->environment;
    }

    /** The tables as this version's entities declare them. */
    public function mapping(): Mapping
    {
        return new Mapping(require $this->root.'/app/bundles/CoreBundle/Config/mapping.php', $this);
    }

    // The container's place must be known before the container is: from the files.
    private function loadContainer(): array
    {
        $parameters = $this->readParameters();
        $file       = $parameters['cache_path'].'/'.$this->environment.'/'.Cache::CONTAINER;
        if (!is_file($file)) {
            (new Cache($parameters['cache_path'].'/'.$this->environment))->warm($this, $parameters);
        }

        return require $file;
    }
}
