<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

function each_of(array $list)
{
    $pairs = [];
    foreach ($list as $key => $value) {
        $pairs[] = "$key=>$value";
    }

    return $pairs;
}

function list_of($first)
{
    return func_get_args();
}

/**
 * Slices, splices, pushing and popping, searching.
 */
final class VersionArraysParts extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $list = ['a', 'b', 'k' => 'c', 7 => 'd'];
        $this->addSql('slice', [array_slice($list, 1), array_slice($list, -2, 1), array_slice($list, 1, 3, true), array_slice([1, 2, 3], 0, -1), array_chunk([1, 2, 3], 2), array_chunk(['a' => 1, 'b' => 2], 1, true)]);
        $spliced = [1, 2, 3, 4, 5];
        $removed = array_splice($spliced, 1, 2, ['x', 'y', 'z']);
        $tail = array_splice($spliced, -1);
        $stack = [1, 2];
        $empty = [];
        $this->addSql('stack', [$spliced, $removed, $tail, array_push($stack, 3, 4), array_pop($stack), array_shift($stack), array_unshift($stack, 'first'), $stack, array_pop($empty), array_key_first($list), array_key_last($list), array_key_first([])]);
        $this->addSql('search', [in_array('1', [1, 2]), in_array('1', [1, 2], true), in_array('abc', ['ABC']), array_search(2, [1, 2, 3]), array_search('x', ['a' => 'x']), array_search('nope', ['a']), array_key_exists('k', $list), key_exists(0, $list), isset($list[7]), array_keys($list), array_keys([1, 2, 1], 1), array_values($list), array_is_list($list), count($list), count([1, [2, 3]], COUNT_RECURSIVE), sizeof([1])]);
        $this->addSql('ends', [reset($list), next($list), key($list), current($list), end($list), prev($list), each_of($list), array_reverse([1, 2, 'k' => 3]), array_reverse(['x', 'y'], true), min(1, 2), max([3, 1]), min('a', 'b'), max(1, 2.5), list_of(...[1, 2]), array_change_key_case(['Ab' => 1], CASE_UPPER)]);
    }
}
