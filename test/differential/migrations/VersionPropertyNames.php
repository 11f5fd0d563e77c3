<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Generated names, found names, keys, and a prefix that is doubled.
 */
final class VersionPropertyNames extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('generated', [
            $this->generatePropertyName('contacts', 'idx', ['owner_id']), $this->generatePropertyName('contacts', 'fk', ['owner_id', 'email']), $this->generatePropertyName($this->prefix.'contacts', 'uniq', ['email']), $this->generatePropertyName('', 'x', []),
            $this->generatePropertyName('a_table_with_a_long_name', 'idx', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']), $this->generateKeys('contacts', ['owner_id']),
        ]);
        list($index, $key) = $this->generateKeys('mails', ['parent_id']);
        $this->addSql("ALTER TABLE {$this->prefix}mails DROP FOREIGN KEY $key");
        $this->addSql('found', [$this->findPropertyName('contacts', 'fk', '0000C3D4'), $this->findPropertyName('contacts', 'idx', 'C3D4'), $this->findPropertyName('segments', 'uniq', 'lias')]);
    }
}
