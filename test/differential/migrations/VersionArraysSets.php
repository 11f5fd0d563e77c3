<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Merging, combining, differences and intersections.
 */
final class VersionArraysSets extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('merge', [array_merge([1, 2], [3], ['k' => 'a'], ['k' => 'b', 5 => 'c']), array_merge_recursive(['a' => [1], 'b' => 2], ['a' => [3], 'b' => 4]), array_replace([1, 2, 3], [1 => 'b'], [3 => 'd']), array_replace_recursive(['a' => ['x' => 1, 'y' => 2]], ['a' => ['x' => 9]]), array_combine(['a', 'b'], [1, 2]), ['a' => 1] + ['a' => 2, 'b' => 3]]);
        $this->addSql('difference', [array_diff([1, 2, 3, '2'], ['2']), array_diff_key(['a' => 1, 'b' => 2], ['a' => 9]), array_diff_assoc(['a' => 1, 'b' => 2], ['a' => 1, 'b' => 3]), array_intersect(['a' => 'x', 'b' => 'y'], ['y']), array_intersect_key(['a' => 1, 'b' => 2], ['b' => 0]), array_intersect_assoc(['a' => 'g', 'b'], ['a' => 'g', 'c']), array_udiff([1, 5], [5], fn ($a, $b) => $a <=> $b)]);
        $this->addSql('unique', [array_unique([1, '1', 2, 2.0, 'a', 'A']), array_unique(['b' => 'x', 'a' => 'x']), array_flip(['a', 'b', 5]), array_count_values(['a', 'b', 'a', 1, '1']), array_fill_keys(['a', 5], 0), array_fill(5, 3, 'x'), array_pad([1], 3, 0), array_pad([1], -3, 0), range(1, 5), range('a', 'e', 2), range(10, 0, -5), compact('schema') !== [], array_flip([])]);
    }
}
