<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * switch with fall-through, default in the middle, loose comparison, texts; continue in it.
 */
final class VersionSwitch extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach (['fk', 'idx', 'uniq', 'other', '1', 1, true, null] as $type) {
            switch ($type) {
                case 'fk':
                    $name = 'foreign';
                    break;
                default:
                    $name = 'default';
                    break;
                case 'idx':
                case 'uniq':
                    $name = 'index';
                    break;
                case 1:
                    $name = 'one';
            }
            $this->addSql('is '.$name);
        }
        $i = 0;
        while ($i < 3) {
            switch ($i++) {
                case 1:
                    continue 2;
                case 2:
                    break 2;
            }
            $this->addSql("switched $i");
        }
        switch (true) {
            case $i > 2:
                $this->addSql('more than two');
                // no break
            case $i > 100:
                $this->addSql('fell through');
        }
    }
}
