<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Upper and lower case, first letters, words, reversal.
 */
final class VersionStringsCase extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('case', [strtoupper('aBcÄ'), strtolower('AbCÄ'), ucfirst('abc'), lcfirst('ABC'), ucwords('one two-three'), ucwords('one-two three', '-'), strrev('abc'), ucfirst(''), nl2br("a\nb")]);
        $this->addSql('multibyte', [mb_strtoupper('ae'), mb_strtolower('AE'), mb_strlen('äé😀'), mb_substr('äé😀x', 1, 2), mb_strpos('äéx', 'x'), mb_substr('abc', -2), mb_str_split('äb')]);
    }
}
