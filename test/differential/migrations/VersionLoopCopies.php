<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A foreach walks over the array as it was; by reference over it as it becomes.
 */
final class VersionLoopCopies extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $list = [1, 2];
        $seen = [];
        foreach ($list as $value) {
            $seen[] = $value;
            if (count($list) < 5) {
                $list[] = $value + 10;
            }
        }
        $this->addSql('copy', [$seen, $list]);
        $map = ['a' => 1, 'b' => 2, 'c' => 3];
        foreach ($map as $key => $value) {
            unset($map['b']);
            $map[$key.$key] = $value;
        }
        $this->addSql('map', [$map]);
        $references = [1, 2, 3];
        foreach ($references as &$reference) {
        }
        foreach ($references as $reference) {
        }
        $this->addSql('reference left behind', [$references]);
    }
}
