<?php
// SPDX-License-Identifier: GPL-3.0-or-later

declare(strict_types=1);

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Under strict_types a wrong argument is an error that can be caught.
 */
final class VersionStrictTypes extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        try {
            strlen(5);
        } catch (\TypeError $error) {
            $this->addSql('strlen', [get_class($error)]);
        }
        $this->addSql(sprintf('%s', 5), [str_repeat('a', 2), $this->typed(3)]);
    }

    private function typed(float $number): float
    {
        return $number;
    }
}
