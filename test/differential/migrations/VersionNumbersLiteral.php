<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Number literals in all bases, separators, floats and what overflows.
 */
final class VersionNumbersLiteral extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('literals', [0, 7, 017, 0x1F, 0b101, 1_000_000, 1.5, .5, 6.02e23, 1E-7, PHP_INT_MAX, -PHP_INT_MAX - 1, 9223372036854775808]);
        $this->addSql('as text', [(string) 1.0, (string) 100000.0, (string) 1e15, (string) 1e14, (string) 123456789012345678, (string) 0.00001, (string) 1.5e-10, (string) 1e100, (string) -1.5]);
        $this->addSql('limits', [PHP_INT_SIZE, PHP_INT_MIN, M_PI, PHP_FLOAT_EPSILON, PHP_EOL, NAN === NAN, is_nan(NAN), (string) INF, (string) -INF]);
        $this->addSql('division', [7 / 2, 6 / 2, 7 % 3, -7 % 3, intdiv(-7, 2), 2 ** 10, 2 ** -1, 2 ** 63, 7.5 % 2, fmod(7.5, 2)]);
        $this->addSql('overflow', [PHP_INT_MAX + 1, PHP_INT_MAX * 2, -PHP_INT_MAX - 2, 0.1 + 0.2, 1 - 0.9]);
    }
}
