<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Questions about values: is_*, isset, empty, gettype.
 */
final class VersionIsFunctions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $values = [0, 1, -1, 1.5, '1', '1.5', 'a', '', '0', null, true, false, [], [0], ' 1', '1e5', '0x1A'];
        foreach ($values as $value) {
            $this->addSql('is', [
                is_int($value), is_integer($value), is_float($value), is_string($value), is_bool($value), is_array($value), is_null($value),
                is_numeric($value), is_scalar($value), is_object($value), is_iterable($value), is_countable($value), empty($value), isset($value), gettype($value),
            ]);
        }
        $this->addSql('ctype', [ctype_digit('123'), ctype_digit(''), ctype_digit('1.2'), ctype_alpha('abC'), ctype_alnum('a1'), ctype_upper('AB'), ctype_lower('aB'), ctype_space(" \n"), ctype_xdigit('fF0'), ctype_punct('!?')]);
    }
}
