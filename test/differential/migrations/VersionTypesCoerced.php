<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Declared types that convert in weak mode, union and nullable ones, and what they refuse.
 */
final class VersionTypesCoerced extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('coerced', [$this->integer('5'), $this->integer(5.0), $this->integer(true), $this->text(5), $this->text(1.5), $this->truth('0'), $this->number('1.5'), $this->number(3), $this->returned()]);
        foreach ([fn () => $this->integer([]), fn () => $this->text(new \stdClass()), fn () => $this->listed('x'), fn () => $this->migration(new \stdClass())] as $wrong) {
            try {
                $wrong();
                $this->addSql('went through');
            } catch (\TypeError $error) {
                $this->addSql(get_class($error));
            }
        }
    }

    private function integer(int $value)
    {
        return $value;
    }

    private function text(string $value)
    {
        return $value;
    }

    private function truth(bool $value)
    {
        return $value;
    }

    private function number(float $value)
    {
        return $value;
    }

    private function listed(array $value)
    {
        return $value;
    }

    private function migration(self $value)
    {
        return $value;
    }

    private function returned(): string
    {
        return 12;
    }
}
