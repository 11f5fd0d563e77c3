<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Version20200212141530 extends AbstractMauticMigration
{
    public function getDescription(): string
    {
        return 'Removes device_fingerprint column from the lead_devices table';
    }

    public function preUp(Schema $schema): void
    {
        $this->skipIf(!$schema->getTable($this->prefix.'lead_devices')->hasColumn('device_fingerprint'), 'Schema includes this migration');
    }

    public function up(Schema $schema): void
    {
        $index = $this->findPropertyName('lead_devices', 'idx', '218C');
        if ('' !== $index) {
            $this->addSql("ALTER TABLE {$this->prefix}lead_devices DROP INDEX `{$index}`");
        }
        $this->addSql("ALTER TABLE {$this->prefix}lead_devices DROP COLUMN device_fingerprint");
    }
}
