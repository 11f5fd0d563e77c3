<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Boolean operators, their precedence, and what they don't evaluate.
 */
final class VersionLogic extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $called = [];
        $note = function (string $name, bool $value) use (&$called): bool {
            $called[] = $name;

            return $value;
        };
        $a = $note('a', false) && $note('b', true);
        $b = $note('c', true) || $note('d', true);
        $c = true and false;
        $d = false or true;
        $e = (true xor true);
        $f = !$note('e', false);
        $this->addSql('values', [$a, $b, $c, $d, $e, $f, !0, !'', !'0', !'0.0', ![], ![0], !null, !0.0]);
        $this->addSql('called', $called);
    }
}
