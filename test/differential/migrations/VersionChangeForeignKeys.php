<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Foreign keys that are added, changed and dropped.
 */
final class VersionChangeForeignKeys extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $contacts->removeForeignKey('FK_A1B2C3D4');
        $contacts->addForeignKeyConstraint($schema->getTable($this->prefix.'segments'), ['owner_id'], ['id'], ['onDelete' => 'CASCADE'], 'FK_A1B2C3D4');
        $mails = $schema->getTable($this->prefix.'mails');
        $mails->addForeignKeyConstraint($mails, ['parent_id'], ['id'], ['onDelete' => 'SET NULL'], $this->generatePropertyName('mails', 'fk', ['parent_id']));
        $stats = $schema->getTable($this->prefix.'mail_stats');
        $stats->addColumn('segment_id', 'integer', ['unsigned' => true, 'notnull' => false]);
        $stats->addForeignKeyConstraint($this->prefix.'segments', ['segment_id'], ['id']);
        $schema->getTable($this->prefix.'segment_contacts')->removeForeignKey('FK_F5E4D3C2');
    }
}
