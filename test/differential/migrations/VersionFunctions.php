<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

function double_of($n)
{
    return $n * 2;
}

/**
 * Functions of the file: defaults, types, variadics, named arguments, recursion, static variables.
 */
final class VersionFunctions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('results', [
            $this->joined('a'), $this->joined('a', 'b', 'c', 'd'), $this->joined(last: 'z', first: 'y'), $this->joined(...['p', 'q']),
            $this->factorial(5), $this->count(), $this->count(), $this->count(),
            $this->optional(), $this->optional(null), $this->optional(3), self::doubled(4), static::doubled(5), double_of(6),
            \Mautic\Migrations\double_of(7), $this->either('text'), $this->either(5),
        ]);
        function inner_function($value)
        {
            return "inner $value";
        }
        $this->addSql('declared inside', [inner_function('x'), function_exists('Mautic\Migrations\inner_function')]);
    }

    private function joined(string $first, string $last = 'default', string ...$rest): string
    {
        return $first.'-'.$last.'-'.implode('+', $rest).'-'.count($rest);
    }

    private function factorial(int $n): int
    {
        return $n < 2 ? 1 : $n * $this->factorial($n - 1);
    }

    private function count(): int
    {
        static $calls = 0;

        return ++$calls;
    }

    private function optional(?int $n = 7): ?int
    {
        return $n;
    }

    private function either(int|string $value): string
    {
        return gettype($value);
    }

    private static function doubled(int $n): int
    {
        return 2 * $n;
    }
}
