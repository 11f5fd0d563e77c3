<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * References: parameters, returned arrays, closures, foreach, global functions that change theirs.
 */
final class VersionReferences extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $list = [3, 1, 2];
        $alias = &$list;
        $alias[] = 0;
        sort($list);
        $this->addOne($list[0]);
        $this->addOne($fresh['count']);
        $total = 0;
        $add = function ($n) use (&$total) {
            $total += $n;
        };
        $add(5);
        $add(6);
        $copy = $list;
        $copy[0] = 'copy';
        $this->addSql('references', [$list, $alias, $fresh, $total, $copy]);
        $a = 1;
        $b = &$a;
        unset($b);
        $b = 2;
        $pair = ['x' => &$a];
        $pair['x'] = 9;
        $this->addSql('unset', [$a, $b]);
    }

    private function addOne(&$number): void
    {
        ++$number;
    }
}
