<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

function serialize_pair()
{
    $shared = ['x'];
    $pair = [&$shared, &$shared];

    return serialize($pair);
}

/**
 * serialize and unserialize, exact to the byte, and what is broken.
 */
final class VersionSerialize extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $list = [1, 1.5, 0.1, 100.0, 1e100, -0.0, true, null, 'ä"x\'', ['k' => ['deep' => []]], 'i' => "a\0b"];
        $this->addSql('serialized', [serialize($list), serialize(''), serialize(false), serialize(PHP_INT_MIN), serialize(INF), serialize(0.1 + 0.2), serialize('12'), serialize([5 => 'a', '6' => 'b', '07' => 'c'])]);
        $this->addSql('round trip', [unserialize(serialize($list)) === $list, unserialize('a:1:{s:1:"a";d:0.10000000000000001;}'), serialize(unserialize('a:1:{s:1:"a";d:0.10000000000000001;}'))]);
        $this->addSql('broken', [unserialize('a:1:{s:4:"list";s:99:"short"'), unserialize(''), unserialize('x'), unserialize('b:1'), unserialize('s:3:"ab";'), unserialize('i:5;trailing'), unserialize('a:2:{i:0;i:1;}'), unserialize('N;'), unserialize('b:0;')]);
        $this->addSql('references', [serialize_pair(), unserialize('a:2:{i:0;a:1:{i:0;i:1;}i:1;R:2;}')]);
        $this->addSql('no classes', [@unserialize('i:7;', ['allowed_classes' => false]), unserialize('a:1:{i:0;s:2:"ok";}', ['allowed_classes' => []])]);
    }
}
