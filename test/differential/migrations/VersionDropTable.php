<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Tables that are dropped, with the keys that point to them.
 */
final class VersionDropTable extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $schema->dropTable($this->prefix.'segment_contacts');
        $schema->dropTable($this->prefix.'mails');
        $this->addSql('asked', [$schema->hasTable($this->prefix.'mails')]);
    }
}
