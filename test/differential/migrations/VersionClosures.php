<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Closures, arrow functions, first-class callables, binding, callables by name and array.
 */
final class VersionClosures extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $prefix = 'p_';
        $outer = 3;
        $closure = function ($name) use ($prefix) {
            return $prefix.$name.$this->prefix;
        };
        $arrow = fn ($x) => $x * $outer;
        $nested = fn ($x) => fn ($y) => $x + $y + $outer;
        $static = static fn (int ...$all): int => array_sum($all);
        $length = strlen(...);
        $method = $this->upper(...);
        $prefix = 'changed';
        $outer = 100;
        $this->addSql('called', [
            $closure('name'), $arrow(5), $nested(1)(2), $static(1, 2, 3), $length('four'), $method('abc'),
            (fn () => 'at once')(), array_map($arrow, [1, 2]), array_map('strtoupper', ['a']), array_map([$this, 'upper'], ['b']),
            array_map([self::class, 'lower'], ['C']), call_user_func('max', 1, 5), call_user_func_array([$this, 'upper'], ['z']),
            is_callable($closure), $closure instanceof \Closure,
        ]);
        $counter = function () {
            static $n = 0;

            return ++$n;
        };
        $counter();
        $this->addSql('static in closure', [$counter(), $counter()]);
    }

    public function upper(string $text): string
    {
        return strtoupper($text);
    }

    public static function lower(string $text): string
    {
        return strtolower($text);
    }
}
