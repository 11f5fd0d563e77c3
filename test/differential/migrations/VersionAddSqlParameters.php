<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * addSql with parameters of every kind, and types.
 */
final class VersionAddSqlParameters extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('UPDATE x SET a = :a, b = :b', ['a' => 'text', 'b' => 5]);
        $this->addSql('UPDATE x SET a = ?, b = ?, c = ?, d = ?, e = ?', ['text', 5, 1.5, true, null]);
        $this->addSql('UPDATE x SET a = ?', ["it's ä😀"], [\PDO::PARAM_STR]);
        $this->addSql('SELECT ? AS not_a_parameter, :neither');
        $this->addSql("# a comment\nUPDATE x SET y = 1;");
        $this->addSql('UPDATE a SET b = 1; UPDATE c SET d = 2;');
        $this->addSql('');
        $this->addSql('UPDATE x SET a = ?', [1 => 'from one', 2 => 'on']);
    }
}
