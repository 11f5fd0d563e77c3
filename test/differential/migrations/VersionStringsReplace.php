<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Replacing in texts.
 */
final class VersionStringsReplace extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $count = 0;
        $this->addSql('replaced', [str_replace('a', 'b', 'banana'), str_replace(['a', 'n'], ['1', '2'], 'banana'), str_replace(['a', 'b'], 'x', 'abc'), str_replace(['a', 'b'], ['b'], 'ab'), str_replace('x', 'y', ['ax', 'bx', 'k' => 'cx']), str_replace('a', 'z', 'aaa', $count), $count, str_ireplace('A', 'x', 'banana'), substr_replace('Hello', 'J', 0, 1), substr_replace('Hello', 'XX', -2), substr_replace('abc', '-', 1, 0), strtr('Hi all', 'ai', 'eo'), strtr('Hi all', ['Hi' => 'Hello', 'Hello' => 'x', 'all' => 'world']), strtr('ab', [])]);
    }
}
