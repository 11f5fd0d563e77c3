<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Arithmetic and bit operators with their assignments, on numbers and numeric texts.
 */
final class VersionArithmetic extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $a = 10;
        $a += 5;
        $a -= 3;
        $a *= 2;
        $a /= 4;
        $a **= 2;
        $a %= 7;
        $b = 6;
        $b &= 3;
        $b |= 8;
        $b ^= 1;
        $b <<= 2;
        $b >>= 1;
        $this->addSql('assigned', [$a, $b]);
        $this->addSql('operators', [1 + 1, '1' + '1', '1.5' + 1, '10' * '2', 7 - '2', 5 | 2, 5 & 4, 5 ^ 1, ~5, 1 << 4, -16 >> 2, 'a' | 'b', 'ab' ^ '  ']);
        $this->addSql('signs', [-$a, +'5', -'3', -(-3), +'1e3', 1 - -1]);
        $i = 5;
        $this->addSql('steps', [$i++, $i, ++$i, $i--, --$i]);
        $n = null;
        $n++;
        $text = 'a9';
        $text++;
        $last = 'Zz';
        $last++;
        $float = 1.5;
        $float--;
        $this->addSql('stepped', [$n, $text, $last, $float]);
        $this->addSql('precedence', [1 + 2 * 3, (1 + 2) * 3, 2 ** 3 ** 2, -2 ** 2, 10 - 2 - 3, 100 / 10 / 2, 1 + 2 . 'x', !true || true, 5 % 3 * 2]);
    }
}
