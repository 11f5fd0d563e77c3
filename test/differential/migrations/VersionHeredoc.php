<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Heredoc and nowdoc: indentation of the closing mark, interpolation, escapes, quotes.
 */
final class VersionHeredoc extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $table = $this->prefix.'contacts';
        $columns = ['id', 'email'];
        $this->addSql(<<<SQL
    SELECT {$columns[0]}, $columns[1]
      FROM $table
     WHERE email = 'a"b' AND note = "\$x \\ \x41"
SQL);
        $this->addSql(<<<SQL
    SELECT 1
        FROM {$table}

    WHERE 2
    SQL);
        $this->addSql(<<<'SQL'
        SELECT $table \n \\ {$table} 'x'
    SQL);
        $short = <<<"SQL"
    ${table} "quoted"
    SQL;
        $this->addSql($short.' tail', [<<<A
    one
      two
    A]);
        $empty = <<<SQL
SQL;
        $this->addSql('after'.$empty);
    }
}
