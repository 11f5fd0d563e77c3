<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * isset with several, unset of several, on nested keys, text offsets, null values.
 */
final class VersionIssetUnset extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $row = ['a' => null, 'b' => ['c' => 0, 'd' => ''], 'e' => 'text'];
        $this->addSql('isset', [isset($row['a']), isset($row['b']['c']), isset($row['b']['c']['d']), isset($row['e'][0]), isset($row['e'][9]), isset($row['e']['x']), isset($row['b'], $row['e']), isset($row['b'], $row['z']), empty($row['b']['c']), empty($row['b']['d']), empty($row['e']), array_key_exists('a', $row)]);
        unset($row['b']['c'], $row['e'], $row['nothing']['deeper']);
        $this->addSql('unset', [$row]);
    }
}
