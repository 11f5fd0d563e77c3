<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * list() and [] with keys, nesting, references, swaps, gaps.
 */
final class VersionDestructuring extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        [$a, , $b] = [1, 2, 3];
        list($c, list(, $d)) = [4, [5, 6]];
        ['x' => $e, 'y' => [$f]] = ['x' => 7, 'y' => [8]];
        [$a, $b] = [$b, $a];
        $row = [1, [2, 3]];
        [$first, [, &$second]] = $row;
        $second = 'changed';
        [$target['k'], $target['l'][]] = ['v', 'w'];
        list('id' => $id) = ['id' => '12', 'other' => 1];
        $this->addSql('values', [$a, $b, $c, $d, $e, $f, $row, $target, $id]);
    }
}
