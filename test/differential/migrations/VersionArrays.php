<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Arrays: keys and how they are converted, appending, nesting, unset, unpacking, equality.
 */
final class VersionArrays extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $keys = ['1' => 'a', true => 'c', null => 'd', 'x' => 'e', '01' => 'f', -5 => 'g', '-5' => 'h', '-0' => 'i'];
        $keys[] = 'next';
        $this->addSql('keys', [array_keys($keys), $keys]);
        $deep = [];
        $deep['a']['b'][] = 1;
        $deep['a']['b'][] = 2;
        $deep['a']['c'] = ['d' => null];
        unset($deep['a']['b'][0]);
        $deep['a']['b'][] = 3;
        $this->addSql('deep', [$deep, isset($deep['a']['c']['d']), isset($deep['a']['b'][1]), array_key_exists('d', $deep['a']['c']), empty($deep['x'])]);
        $old = array('one', 'k' => array(1, 2), );
        $copy = $old;
        $copy['k'][] = 3;
        $this->addSql('copies', [$old, $copy, count($copy['k']), $old + ['one more' => 1, 0 => 'kept'], [...[1, 2], ...[3], 4, ...['k' => 'v']]]);
        $negative = [-3 => 'x'];
        $this->addSql('text offsets', ['hello'[1], 'hello'[-1], "x{$old[0][0]}", $old[0][2]]);
        $text = 'abc';
        $text[1] = 'X';

        $this->addSql('changed text', [$text]);
    }
}
