<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The null-safe operator and what it leaves out.
 */
final class VersionNullSafe extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $nobody = null;
        $someone = new class {
            public $name = 'Ann';
            public $next = null;

            public function friend()
            {
                return $this->next;
            }
        };
        $this->addSql('null-safe', [$nobody?->name, $someone?->name, $someone->friend()?->name, $someone?->next?->name ?? 'none', $nobody?->a($this->never())]);
    }

    private function never()
    {
        throw new \LogicException('called');
    }
}
