<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

interface HasArea
{
    const SIDES = 0;

    public function area();
}

abstract class Shape implements HasArea
{
    const NAME = 'shape';
    public static $made = 0;

    public function __construct()
    {
        ++self::$made;
    }

    public static function create(string $kind, ...$arguments): static
    {
        $class = __NAMESPACE__.'\\'.$kind;

        return new $class(...$arguments);
    }

    public function describe(): string
    {
        return static::NAME.'/'.self::NAME.' of '.$this->area();
    }

    abstract public function area();

    public function __toString(): string
    {
        return static::class;
    }
}

class Circle extends Shape
{
    const NAME = 'circle';

    public function __construct(private int $radius)
    {
        parent::__construct();
    }

    public function area()
    {
        return 3 * $this->radius ** 2;
    }
}

final class Square extends Shape
{
    const SIDES = 4;
    public $side = 1;

    public function __construct($side = null)
    {
        parent::__construct();
        if (null !== $side) {
            $this->side = $side;
        }
    }

    public function area()
    {
        return $this->side * $this->side;
    }
}

/**
 * A class of the file's own: constants, static and typed properties, inheritance, interfaces, late static binding.
 */
final class VersionClasses extends AbstractMauticMigration
{
    private const LIST = ['a', ['k' => 'v'.'w']];
    private const COUNT = 2 * 3 + self::BASE;
    private const BASE = 1;

    public function up(Schema $schema): void
    {
        $circle = new Circle(2);
        $square = new Square(3);
        $this->addSql('shapes', [
            $circle->describe(), $square->describe(), Shape::create('Square', 4)->area(), $circle instanceof Shape, $square instanceof HasArea,
            Shape::$made, Square::NAME, $square::NAME, Square::SIDES, $circle::class, get_class($square), (string) $circle, self::LIST[1]['k'], self::COUNT * 2,
        ]);
        $copy = clone $square;
        $copy->side = 10;
        $this->addSql('clone', [$square->area(), $copy->area(), $copy == $square, $copy === $copy, isset($copy->side), isset($copy->nothing)]);
        $name = 'area';
        $class = Square::class;
        $property = 'side';
        $this->addSql('dynamic', [$copy->$name(), (new $class(6))->area(), $copy->{$property}, $copy->{'si'.'de'}, [$copy, 'area'](), constant('Mautic\Migrations\Square::NAME')]);
    }
}
