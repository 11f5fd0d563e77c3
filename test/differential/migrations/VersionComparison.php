<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Comparisons, strict and loose, where PHP 7 and 8 agree.
 */
final class VersionComparison extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('identical', [1 === 1, 1 === 1.0, '1' === 1, [1, 2] === [1, 2], [1, 2] === [1 => 2, 0 => 1], null === false, 'a' !== 'b']);
        $this->addSql('equal', [1 == '1', '1' == '01', '10' == '1e1', 100 == '1e2', null == false, [] == false, '0' == false, '' == null, 'abc' == 'ABC', [1, 2] == [1 => 2, 0 => 1], 'a' != 'b', 1 <> 2, true == 'x', 0 == '0', 1.0 == 1]);
        $this->addSql('order', [1 < 2, '2' < '10', 'a' < 'b', 'abc' < 'abd', [1, 2] < [1, 3], [1] < [0, 0], 2 <= 2, 3 >= 4, null < 1, true > false, '10' > '9', 'Z' < 'a']);
        $this->addSql('spaceship', [1 <=> 2, 2 <=> 2, 'b' <=> 'a', [1, 2] <=> [1, 3], 1.5 <=> 1.5, true <=> false]);
    }
}
