<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Texts as lists of bytes, comparisons of texts, increments, braces.
 */
final class VersionTextOffsets extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $word = 'migration';
        $out = '';
        for ($i = 0, $n = strlen($word); $i < $n; ++$i) {
            $out = $word[$i].$out;
        }
        $this->addSql($out, [$word[0], $word[-1], $word[strlen($word) - 2], $word[0] === 'm', 'b' > 'a', 'B' < 'a', $word <=> 'migrations']);
    }
}
