<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * if, elseif, else, both syntaxes, ternaries, coalescing.
 */
final class VersionConditions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $points = 7;
        if ($points > 10) {
            $size = 'large';
        } elseif ($points > 5) {
            $size = 'middle';
        } else {
            $size = 'small';
        }
        if ($points) $one = 'yes'; else $one = 'no';
        if ($points === 8):
            $other = 'eight';
        elseif ($points === 7):
            $other = 'seven';
        else:
            $other = 'none';
        endif;
        $missing = [];
        $short = $points ?: 'empty';
        $empty = 0 ?: 'empty';
        $nested = $points > 5 ? ($points > 6 ? 'seven' : 'six') : 'less';
        $coalesced = $missing['key']['deeper'] ?? $undefined ?? 'default';
        $value = null;
        $value ??= 'assigned';
        $missing['list'] ??= [];
        $missing['list'][0] ??= 1;
        $this->addSql('chosen', [$size, $one, $other, $short, $empty, $nested, $coalesced, $value, $missing]);
    }
}
