<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Regular expressions.
 */
final class VersionPreg extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $matches = [];
        $this->addSql('match', [preg_match('/(\d+)-(\d+)/', 'from 10-20', $matches), $matches, preg_match('/^x/', 'abc'), preg_match('/(?<name>[a-z]+)@/i', 'ANN@x', $named), $named, preg_match('/a(b)?(c)/', 'ac', $gap), $gap]);
        $this->addSql('all', [preg_match_all('/[a-z](\d)/', 'a1 b2 c3', $all), $all, preg_match_all('/\d/', '1 2', $sets, PREG_SET_ORDER), $sets, preg_match('/b/', 'abc', $offset, PREG_OFFSET_CAPTURE), $offset]);
        $this->addSql('replace', [preg_replace('/\s+/', ' ', "a  b\n c"), preg_replace('/(\w+) (\w+)/', '$2 ${1}x \0', 'hello world'), preg_replace(['/a/', '/b/'], ['b', 'c'], 'ab'), preg_replace('/x/', 'y', 'xxx', 2), preg_replace_callback('/\d+/', fn ($m) => $m[0] * 2, 'a1 b22'), preg_replace('/é/u', 'e', 'café'), preg_replace('/^/m', '> ', "a\nb")]);
        $this->addSql('split', [preg_split('/[\s,]+/', 'a, b  c,d'), preg_split('//', 'abc', -1, PREG_SPLIT_NO_EMPTY), preg_split('/(-)/', 'a-b', 2, PREG_SPLIT_DELIM_CAPTURE), preg_grep('/^a/', ['ab', 'b', 'ac']), preg_quote('a.b*c')]);
    }
}
