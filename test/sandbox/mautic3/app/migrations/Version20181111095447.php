<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Changes the schema that it is given; older than the newest that Mautic 2 has executed.
 */
class Version20181111095447 extends AbstractMauticMigration
{
    public function preUp(Schema $schema): void
    {
        if ($schema->getTable($this->prefix.'webhooks')->hasColumn('secret')) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        $table = $schema->getTable($this->prefix.'webhooks');
        $table->addColumn('secret', 'string', ['length' => 191, 'notnull' => false, 'default' => 'none']);
        $table->addIndex(['secret'], $this->prefix.'webhook_secret_search');
    }

    public function down(Schema $schema): void
    {
        $this->addSql("ALTER TABLE {$this->prefix}webhooks DROP COLUMN secret");
    }
}
