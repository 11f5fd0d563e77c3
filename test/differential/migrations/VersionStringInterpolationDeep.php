<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Interpolation of nested arrays, methods, static members and constants in braces.
 */
final class VersionStringInterpolationDeep extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $data = ['a' => ['b' => ['c' => 'deep']], 'key' => 'a', 'f' => fn ($x) => $x * 2];
        $key = 'b';
        $object = new \stdClass();
        $object->list = ['x' => ['y' => 'z']];
        $object->{'odd name'} = 'odd';
        $static = self::class;
        $this->addSql("{$data['a']['b']['c']} {$data[$data['key']][$key]['c']} $data[key] {$data['f'](4)}");
        $this->addSql("{$object->list['x']['y']} {$object->{'odd name'}} {$this->named()['n']} {$this->named()['f']()}");
        $this->addSql(<<<SQL
    {$this->prefix}contacts.{$data['a'][$key]['c']} '$data[key]' "{$this->named()['n']}" \\ \t \{$key} {$key}s
    SQL);
    }

    private function named(): array
    {
        return ['n' => 'name', 'f' => fn () => 'called'];
    }
}
