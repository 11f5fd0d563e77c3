<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Columns, indexes and keys that are dropped.
 */
final class VersionDropColumns extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $contacts->dropIndex('contact_points_date');
        $contacts->dropColumn('rate');
        $contacts->dropColumn('ratio');
        $stats = $schema->getTable($this->prefix.'mail_stats');
        $stats->removeForeignKey('FK_33221100');
        $stats->dropIndex('IDX_33221100');
        $stats->dropColumn('contact_id');
        $schema->getTable($this->prefix.'segment_contacts')->dropPrimaryKey();
    }
}
