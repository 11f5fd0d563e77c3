<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Functions that go over arrays with callables.
 */
final class VersionArraysMap extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $people = [['name' => 'Ann', 'age' => 30], ['name' => 'Bob', 'age' => 25], ['name' => 'Cid']];
        $this->addSql('map', [array_map(fn ($x) => $x * 2, [1, 'k' => 2, 5 => 3]), array_map(null, [1, 2], ['a', 'b']), array_map(fn ($a, $b) => $a.$b, ['x', 'y'], [1]), array_map('trim', [' a ', 'b ']), array_map(function ($p) { return $p['name']; }, $people)]);
        $this->addSql('filter', [array_filter([0, 1, '', 'a', null, []]), array_filter([1, 2, 3, 4], fn ($x) => $x % 2 === 0), array_filter(['a' => 1, 'b' => 2], fn ($k) => $k !== 'a', ARRAY_FILTER_USE_KEY), array_filter(['a' => 1, 'b' => 2], fn ($v, $k) => $v > 1 && $k === 'b', ARRAY_FILTER_USE_BOTH), array_values(array_filter(['x', null, 'y']))]);
        $this->addSql('reduce', [array_reduce([1, 2, 3], fn ($sum, $x) => $sum + $x, 0), array_reduce([], fn ($a, $b) => $a), array_sum([1, 2.5, '3']), array_product([2, '3']), array_sum([])]);
        $walked = ['a' => 1, 'b' => 2];
        array_walk($walked, function (&$value, $key, $suffix) {
            $value = $key.$value.$suffix;
        }, '!');
        $tree = [1, [2, 3]];
        array_walk_recursive($tree, function (&$leaf) {
            $leaf *= 10;
        });
        $this->addSql('walk', [$walked, $tree, array_column($people, 'name'), array_column($people, 'age', 'name'), array_column($people, null, 'name'), usort($people, fn ($a, $b) => strcmp($b['name'], $a['name'])), $people]);
    }
}
