<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Named arguments of own and of PHP's functions.
 */
final class VersionNamedArguments extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('named', [
            str_pad(string: 'a', length: 3, pad_string: '-', pad_type: STR_PAD_LEFT), json_encode(value: ['ä'], flags: JSON_UNESCAPED_UNICODE), in_array(strict: true, needle: '1', haystack: [1]), array_slice([1, 2, 3], offset: 1), implode(separator: ',', array: [1, 2]), $this->made(c: 3, a: 1), $this->made(1, c: 5), $this->made(...['b' => 9, 'a' => 8]), number_format(num: 1234.5, decimals: 1),
        ]);
    }

    private function made($a, $b = 2, $c = 4): string
    {
        return "$a-$b-$c";
    }
}
