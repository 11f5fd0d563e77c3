<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class First
{
    protected const PREFIX = 'p_';
    const LIST = ['k' => ['v']];
    public const CHAINED = self::PREFIX.'chained'.PHP_INT_SIZE;
    public static $items = [];
    public static $own = ['first'];

    public static function add(string $item): void
    {
        static::$items[] = $item;
        static::$own[] = $item;
    }

    public static function name()
    {
        return static::class;
    }

    public static function viaSelf()
    {
        return self::name().'/'.static::name();
    }

    public function viaStatic()
    {
        return static::PREFIX.$this::name();
    }
}

class Second extends First
{
    public static $own = ['second'];

    public static function viaSelf()
    {
        return 'child '.parent::viaSelf();
    }
}

/**
 * Static properties and late static binding through inheritance; class constants with final and visibility.
 */
final class VersionStaticMembers extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        Second::add('one');
        First::add('two');
        Second::add('three');
        $this->addSql('static', [First::$items, Second::$items, Second::$own, Second::name(), First::name(), Second::viaSelf(), (new Second())->viaStatic(), Second::LIST['k'][0], Second::CHAINED]);
        Second::$own['x']['y'] = 1;
        $property = 'own';
        $this->addSql('changed', [Second::$own, isset(Second::$own['x']['z'])]);
    }
}
