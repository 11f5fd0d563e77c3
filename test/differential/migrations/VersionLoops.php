<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * for, while, do, foreach in all forms, break and continue with levels.
 */
final class VersionLoops extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $out = [];
        for ($i = 0, $j = 10; $i < $j; $i += 3, $j--) {
            $out[] = "$i:$j";
        }
        while (true) {
            if (count($out) > 6) {
                break;
            }
            $out[] = 'w';
        }
        do {
            $out[] = 'once';
        } while (false);
        foreach (['a' => 1, 'b' => 2, 3] as $key => $value) {
            if (2 === $value) {
                continue;
            }
            $out[] = "$key=$value";
        }
        foreach ([[1, [2, 3]], [4, [5, 6]]] as [$first, [, $third]]) {
            $out[] = "$first-$third";
        }
        foreach ([['x' => 1, 'y' => 2]] as ['y' => $y, 'x' => $x]) {
            $out[] = "$x,$y";
        }
        $changed = [1, 2, 3];
        foreach ($changed as $index => &$item) {
            $item *= 10;
            if (0 === $index) {
                $changed[] = 4;
            }
        }
        unset($item);
        for ($i = 0; $i < 3; ++$i) {
            foreach ([1, 2, 3] as $n) {
                if ($n === 2) {
                    continue 2;
                }
                if ($i === 2) {
                    break 2;
                }
                $out[] = "$i/$n";
            }
        }
        for (;;) {
            break;
        }
        foreach ([] as $never) {
            $out[] = $never;
        }
        $this->addSql('loops', $out);
        $this->addSql('changed', $changed);
        for ($i = 0; $i < 2; ++$i):
            foreach ([1] as $n):
                while ($n-- > 0):
                    $this->addSql("alternative $i $n");
                endwhile;
            endforeach;
        endfor;
    }
}
