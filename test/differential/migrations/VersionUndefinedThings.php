<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Undefined variables, keys and properties are null, with a warning at most.
 */
final class VersionUndefinedThings extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $list = ['a' => 1];
        $this->addSql('undefined', [@$nothing, @$list['b'], @$list['a']['b'], isset($nothing), isset($list['a']['b']), $nothing ?? 'default', empty($nothing['x']['y']), is_null(@$nothing)]);
    }
}
