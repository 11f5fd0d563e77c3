<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Generators: @expect needs_php
 */
final class VersionGenerators extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        foreach ($this->numbers() as $number) {
            $this->addSql("number $number");
        }
    }

    private function numbers()
    {
        yield 1;
        yield from [2, 3];
    }
}
