<?php

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
        $this->addSql(<<<"SQL"
    ${table}
    SQL . ' tail', [<<<A
                one
                  two
                A, <<<'B'
        B]);
        $this->addSql(<<<SQL
SQL
            . 'after an empty one');
    }
}
