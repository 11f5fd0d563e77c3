<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The sandbox's console: what `php app/console` (Mautic 2) and `php bin/console` (Mautic 3) do in a real site,
 * written anew on Debian's php-symfony-console and php-doctrine-dbal. A copy of this folder stands in the vendor
 * folder of the site and of the package.
 */

error_reporting(E_ALL & ~E_DEPRECATED & ~E_USER_DEPRECATED);
require_once 'Symfony/Component/Console/autoload.php';
require_once 'Doctrine/DBAL/autoload.php';

spl_autoload_register(static function (string $class): void {
    if (0 === strpos($class, 'Sandbox\\Console\\')) {
        $file = __DIR__.'/'.substr($class, strlen('Sandbox\\Console\\')).'.php';
        if (is_file($file)) {
            require_once $file;
        }
    }
});

// The names under which doctrine/migrations 1 (Mautic 2) and 2 (Mautic 3) know these two classes.
class_alias(Sandbox\Console\Migration::class, 'Doctrine\DBAL\Migrations\AbstractMigration');
class_alias(Sandbox\Console\Migration::class, 'Doctrine\Migrations\AbstractMigration');
class_alias(Sandbox\Console\SkipMigration::class, 'Doctrine\DBAL\Migrations\SkipMigrationException');
class_alias(Sandbox\Console\SkipMigration::class, 'Doctrine\Migrations\Exception\SkipMigration');
require_once __DIR__.'/AbstractMauticMigration.php';
