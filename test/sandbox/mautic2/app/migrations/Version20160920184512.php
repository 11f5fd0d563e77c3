<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Version20160920184512 extends AbstractMauticMigration
{
    private $keys;

    public function preUp(Schema $schema)
    {
        $table      = $schema->getTable($this->prefix.'lead_devices');
        $this->keys = [
            'idx'  => $this->generatePropertyName('lead_devices', 'idx', ['device_fingerprint']),
            'uniq' => $this->generatePropertyName('lead_devices', 'uniq', ['tracking_id']),
        ];

        if ($table->hasIndex($this->keys['idx']) && $table->hasIndex($this->keys['uniq'])) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        $table = $schema->getTable($this->prefix.'lead_devices');
        if (!$table->hasIndex($this->keys['idx'])) {
            $this->addSql('CREATE INDEX '.$this->keys['idx'].' ON '.$this->prefix.'lead_devices (device_fingerprint)');
        }
        if (!$table->hasIndex($this->keys['uniq'])) {
            $this->addSql('CREATE UNIQUE INDEX '.$this->keys['uniq'].' ON '.$this->prefix.'lead_devices (tracking_id)');
        }
    }
}
