<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The trim family and padding.
 */
final class VersionStringsTrim extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('trim', [trim("  a \t\n\r\0\x0B"), ltrim('  a '), rtrim(' a  '), chop('a  '), trim('xxaxx', 'x'), trim('abcXcba', 'a..c'), rtrim('1.500', '0.'), ltrim('007', '0'), trim('')]);
        $this->addSql('pad', [str_pad('5', 3, '0', STR_PAD_LEFT), str_pad('a', 4), str_pad('a', 6, 'xy', STR_PAD_BOTH), str_pad('long', 2), str_repeat('ab', 3), str_repeat('x', 0), implode(',', array_fill(0, 3, '?'))]);
    }
}
