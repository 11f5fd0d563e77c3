<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Casts between all types.
 */
final class VersionCasts extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('int', [(int) '12abc', (int) ' 12', (int) '1e3', (int) 1.9, (int) -1.9, (int) null, (int) true, (int) '', (int) [], (int) [0], (int) '0x1A', (int) '9999999999999999999', (integer) '7']);
        $this->addSql('float', [(float) '1.5abc', (float) '.5', (float) '1e3', (float) 3, (double) '-1.5', (float) 'x', (float) null]);
        $this->addSql('string', [(string) 1, (string) 1.0, (string) 0.1, (string) true, (string) false, (string) null, (string) 1e20, (string) 1.23e-7, strval(5)]);
        $this->addSql('bool', [(bool) 0, (bool) '0', (bool) '0.0', (bool) '', (bool) 'false', (bool) [], (bool) [0], (boolean) 0.0, (bool) null, (bool) new \stdClass()]);
        $this->addSql('array', [(array) 'x', (array) null, (array) 5, (array) (object) ['a' => 1], (array) [1]]);
        $object = (object) ['a' => 1, 'b' => ['c' => 2]];
        $object->d = 4;
        $this->addSql('object', [$object->a, $object->b['c'], (array) $object, isset($object->e), get_object_vars($object)]);
        $this->addSql('functions', [intval('12'), intval('ff', 16), intval('077', 8), floatval('1.5x'), boolval('0'), settype($object->a, 'string'), $object->a]);
    }
}
