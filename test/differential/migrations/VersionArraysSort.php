<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The sort family.
 */
final class VersionArraysSort extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $numbers = [3, 10, 1, '2'];
        $map = ['b' => 2, 'a' => 3, 'c' => 1];
        $texts = ['img12', 'img10', 'IMG2', 'img1'];
        $results = [];
        foreach (['sort', 'rsort'] as $function) {
            $copy = $numbers;
            $function($copy);
            $results[] = $copy;
        }
        asort($map);
        $results[] = $map;
        arsort($map);
        $results[] = $map;
        ksort($map);
        $results[] = $map;
        krsort($map);
        $results[] = $map;
        uasort($map, fn ($a, $b) => $b <=> $a);
        $results[] = $map;
        uksort($map, fn ($a, $b) => strcmp($a, $b));
        $results[] = $map;
        sort($texts);
        $results[] = $texts;
        sort($texts, SORT_NATURAL | SORT_FLAG_CASE);
        $results[] = $texts;
        natsort($texts);
        $results[] = $texts;
        natcasesort($texts);
        $results[] = array_values($texts);
        $strings = ['10', '9', '1e1'];
        sort($strings, SORT_STRING);
        $results[] = $strings;
        $stable = [['n' => 1, 'k' => 'a'], ['n' => 0, 'k' => 'b'], ['n' => 1, 'k' => 'c'], ['n' => 0, 'k' => 'd']];
        usort($stable, fn ($a, $b) => $a['n'] - $b['n']);
        $results[] = $stable;
        $this->addSql('sorted', $results);
    }
}
