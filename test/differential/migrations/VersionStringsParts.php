<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Parts of texts: substr and explode with odd bounds.
 */
final class VersionStringsParts extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('substr', [substr('abcdef', 2), substr('abcdef', -2), substr('abcdef', 1, 3), substr('abcdef', 1, -1), substr('abcdef', -3, 2), substr('abc', 0, 10), substr('abcdef', 0, -6)]);
        $this->addSql('explode', [explode(',', 'a,b,,c'), explode(',', ''), explode(', ', 'a, b'), explode('|', 'a|b|c', 2), explode('|', 'a|b|c', -1), explode('|', 'abc', 0), implode(', ', ['a', 1, 2.5, true, null, false]), implode(['x', 'y']), implode('', []), join('-', [1, 2]), str_split('abcdef', 4), chunk_split('abcd', 2, '|'), ucwords(implode(' ', ['a', 'b']))]);
        $this->addSql('length', [strlen(''), strlen('äé'), strlen("a\0b"), nl2br("x"), lcfirst('X'), ord('A'), ord('é'), chr(65), chr(321), dechex(255), hexdec('ff'), bindec('101'), decbin(5), octdec('17'), decoct(15), base_convert('ff', 16, 2), bin2hex('abc'), hex2bin('616263')]);
    }
}
