<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Indexes that are renamed, replaced, made unique; primary keys that change.
 */
final class VersionChangeIndexes extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $contacts->dropIndex('contact_points_date');
        $contacts->dropIndex('contact_text');
        $contacts->addIndex(['first_name', 'points'], 'contact_text');
        $mails = $schema->getTable($this->prefix.'mails');
        $mails->addUniqueIndex(['name'], 'once', ['lengths' => [50]]);
        $segments = $schema->getTable($this->prefix.'segments');
        $segments->dropIndex('segment_published');
        $segments->addIndex(['is_published'], 'segment_published');
        $join = $schema->getTable($this->prefix.'segment_contacts');
        $join->dropPrimaryKey();
        $join->setPrimaryKey(['segment_id', 'contact_id']);
        $log = $schema->getTable($this->prefix.'legacy_log');
        $log->setPrimaryKey(['when_logged']);
    }
}
