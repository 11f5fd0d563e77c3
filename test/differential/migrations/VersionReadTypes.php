<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Every kind of column as PHP gets it: all are texts or null.
 */
final class VersionReadTypes extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('kinds', $this->connection->fetchAllAssociative("SELECT k_tinyint, k_smallint, k_mediumint, k_bigint, k_decimal, k_float, k_double, k_char, k_varchar, k_text, k_longtext, k_varbinary, k_date, k_time, k_year, k_set, k_simple FROM {$this->prefix}kinds ORDER BY k_mediumint"));
        $this->addSql('expressions', [$this->connection->fetchNumeric("SELECT 1 + 1, 1 / 3, 'text', NULL, 1.50, COUNT(*), SUM(points), AVG(points), MAX(email), 1 = 1, 0.1e0 FROM {$this->prefix}contacts")]);
    }
}
