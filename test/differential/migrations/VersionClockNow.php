<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The time that it is can't be known beforehand, its use for nothing can.
 */
final class VersionClockNow extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $now = new \DateTime();
        $year = (int) $now->format('Y');
        if ($year > 2000) {
            $this->addSql('after 2000');
        }
        $this->addSql('a text', [time() > 1000000, microtime(true) > 1.0, is_string(date('Y'))]);
    }
}
