<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A comment of a table that is there, and options that nothing comes of.
 */
final class VersionChangeTableOptions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $schema->getTable($this->prefix.'segments')->setComment('changed');
        $schema->getTable($this->prefix.'contacts')->addOption('comment', "new 'one'");
        $schema->getTable($this->prefix.'mails')->addOption('engine', 'MyISAM');
    }
}
