<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * var_export and print_r as texts.
 */
final class VersionVarExport extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('exported', [var_export(['a' => 1, 'b' => [true, null, 1.0, 'it\'s \\']], true), var_export(1.5, true), var_export('x', true), var_export(false, true), var_export([], true), print_r(['a' => [1, 'x' => null]], true), print_r('x', true), var_export(-0.0, true), var_export(PHP_INT_MIN, true)]);
    }
}
