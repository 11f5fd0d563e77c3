<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * What preUp changes in its schema is no difference.
 */
final class VersionChangesInPreUp extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('only this', [$schema->getTable($this->prefix.'mails')->hasColumn('early')]);
    }

    public function preUp(Schema $schema): void
    {
        $schema->getTable($this->prefix.'mails')->addColumn('early', 'integer');
    }
}
