<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Arrays are copied when they are changed, objects are not.
 */
final class VersionArraysShared extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $original = ['list' => [1, 2], 'object' => new \stdClass()];
        $original['object']->name = 'one';
        $copy = $original;
        $copy['list'][] = 3;
        $copy['object']->name = 'two';
        $change = function (array $array, \stdClass $object) {
            $array['list'] = 'changed';
            $object->name .= '!';

            return $array;
        };
        $returned = $change($original, $original['object']);
        $static = self::remembered('a');
        $again = self::remembered('b');
        $again[] = 'outside';
        $this->addSql('shared', [$original['list'], $copy['list'], $original['object']->name, $returned['list'], $static, self::remembered('c')]);
    }

    private static function remembered(string $value): array
    {
        static $all = [];
        $all[] = $value;

        return $all;
    }
}
