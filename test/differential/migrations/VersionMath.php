<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Mathematics and rounding.
 */
final class VersionMath extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('rounding', [round(2.5), round(-2.5), round(1.955, 2), round(1234567, -3), floor(-1.5), ceil(1.2), floor(5), round(5.055, 2), round('3.7'), (int) round(1.5), intdiv(7, 2)]);
        $this->addSql('functions', [abs(-5), abs(-1.5), abs('-3'), pow(2, 8), pow(2, -1), pow('3', 2), sqrt(16), max(1, '2', 3.5), min([4, 2]), array_sum([0.1, 0.2]), is_nan(sqrt(-1)), pi(), is_finite(1.0), is_infinite(INF), 10 <=> 5]);
    }
}
