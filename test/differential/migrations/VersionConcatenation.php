<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Texts put together: interpolation in all its forms, concatenation, numbers among them.
 */
final class VersionConcatenation extends AbstractMauticMigration
{
    private string $label = '';

    public function up(Schema $schema): void
    {
        $name = 'contacts';
        $row = ['id' => 7, 'names' => ['first' => 'Ann', 3 => 'three']];
        $number = 5;
        $object = (object) ['name' => 'x', 'next' => (object) ['name' => 'y']];
        $this->label = 'points';
        $this->addSql("SELECT $name FROM {$this->prefix}$name WHERE id = $row[id]");
        $this->addSql("SELECT {$row['names']['first']}, ${name}, $row[id], {$row['names'][3]}");
        $this->addSql("SELECT $object->name, {$object->next->name}, $this->label, $this->prefix");
        $this->addSql("SELECT \$name, {\$name}, { $name }, \{$name}, {$this->upper('a')}");
        $this->addSql('SELECT $name \n \\ \' "' . " \t\x41\101\u{1F600}\$ \\ \e[0m \q '");
        $this->addSql('a' . 1 . 2.5 . -3 . true . false . null . 'z', [$number . '', 1.0 . '', 1e25 . '', 0.1 + 0.2 . '', -0.0 . '']);
        $sql = 'UPDATE ';
        $sql .= $this->prefix . 'contacts';
        $sql .= " SET points = points + $number";
        $this->addSql($sql);
        $this->addSql("$number% {$number}px $row[id]] $name[0] $name[-1]");
    }

    private function upper(string $text): string
    {
        return strtoupper($text);
    }
}
