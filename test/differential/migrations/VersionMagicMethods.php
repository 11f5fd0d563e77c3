<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Bag
{
    public $cloned = 0;
    private $data = [];

    public function __get($name)
    {
        return $this->data[$name] ?? "no $name";
    }

    public function __set($name, $value)
    {
        $this->data[$name] = strtoupper($value);
    }

    public function __isset($name)
    {
        return isset($this->data[$name]);
    }

    public function __call($name, $arguments)
    {
        return $name.'('.implode(',', $arguments).')';
    }

    public static function __callStatic($name, $arguments)
    {
        return "static $name";
    }

    public function __invoke($x)
    {
        return $x + 1;
    }

    public function __clone()
    {
        ++$this->cloned;
    }

    public function __toString(): string
    {
        return 'bag of '.$this->data['name'];
    }
}

/**
 * Magic methods: __get, __set, __isset, __call, __callStatic, __invoke, __clone, __toString.
 */
final class VersionMagicMethods extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $bag = new Bag();
        $bag->name = 'x';
        $copy = clone $bag;
        $copy->name = 'y';
        $this->addSql('magic', [$bag->name, $bag->nothing, isset($bag->name), isset($bag->nothing), $bag->find('a', 2), Bag::make('z'), $bag(5), "$bag", (string) $copy, $copy->cloned, array_map($bag, [1, 2]), is_callable($bag)]);
    }
}
