<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Searching in texts.
 */
final class VersionStringsSearch extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('find', [strpos('abcabc', 'c'), strpos('abcabc', 'c', 3), strpos('abc', 'x'), strrpos('abcabc', 'b'), stripos('ABC', 'b'), strripos('ABCabc', 'B'), strstr('user@host', '@'), strstr('user@host', '@', true), stristr('USER', 'se'), strrchr('a/b/c', '/'), substr_count('aXbXc', 'X'), strpos('abc', 'c', -2)]);
        $this->addSql('questions', [str_contains('abc', 'b'), str_contains('abc', ''), str_starts_with('abc', 'ab'), str_ends_with('abc', 'bc'), strcmp('a', 'b'), strcmp('b', 'a'), strcasecmp('HELLO', 'hello'), strncmp('abcd', 'abef', 2), strncasecmp('ABcd', 'abEF', 2), strnatcmp('img12', 'img10') > 0, strnatcasecmp('IMG2', 'img10') < 0]);
    }
}
