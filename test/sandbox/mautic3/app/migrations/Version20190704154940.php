<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Shipped since Mautic 2.
 */
class Version20190704154940 extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $found = $this->connection->fetchColumn("SELECT COUNT(*) FROM {$this->prefix}plugins WHERE bundle = 'MauticPrehistoricBundle'");

        if ($found > 0) {
            $this->addSql("DELETE FROM {$this->prefix}plugins WHERE bundle = 'MauticPrehistoricBundle'");
        } else {
            $this->suppressNoSQLStatementError();
        }
    }
}
