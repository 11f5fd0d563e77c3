<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The key that an array appends with, behind what functions made of it.
 */
final class VersionArraysNextKey extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ([
            array_intersect([1, 2, 3], [9]), array_diff([1, 2, 3], [1, 2, 3]), array_udiff([1, 2], [1, 2], fn ($a, $b) => $a <=> $b), array_intersect_key([1, 2], []), array_diff_key([1, 2], [1, 2]),
            array_unique([1, 1, 1]), array_filter([0, 0]), array_slice([1, 2, 3], 0, 1, true), array_reverse([1, 2], true), array_pad([5 => 1], 3, 0), array_combine([3, 1], [1, 1]), array_flip([7, 2]), array_merge([5 => 1], []), [5 => 1] + [2 => 1], array_fill(5, 2, 0), range(3, 5), array_map(null, [5 => 1]),
        ] as $made) {
            $made[] = 'next';
            $this->addSql('appended', $made);
        }
        $popped = [1, 2, 3];
        array_pop($popped);
        $popped[] = 'next';
        unset($popped[2]);
        $popped[] = 'behind what was unset';
        $this->addSql('popped', $popped);
    }
}
