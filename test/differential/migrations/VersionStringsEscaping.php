<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Escaping and encoding.
 */
final class VersionStringsEscaping extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('slashes', [addslashes("it's \"x\" \\ \0"), stripslashes("it\\'s \\\\"), preg_quote('Hello.World?[1]', '/')]);
        $this->addSql('html', [htmlspecialchars('<a href="x">\'&amp;</a>', ENT_QUOTES), htmlspecialchars_decode('&lt;b&gt; &quot;&#039;', ENT_QUOTES), htmlspecialchars('"', ENT_NOQUOTES)]);
        $this->addSql('codes', [md5('abc'), sha1('abc'), crc32('hello'), hash('sha256', 'abc'), hash('crc32b', 'abc'), base64_encode('abc?>'), base64_decode('YWJjPz4='), urlencode('a b&c=ä/'), rawurlencode('a b&c=ä/'), urldecode('a+b%26'), rawurldecode('a+b%26'), bin2hex(md5('abc', true)), strrev(strval(12)), uniqid() !== '']);
    }
}
