<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The difference follows what addSql collected, in whichever order it was made.
 */
final class VersionDifferenceAfterAddSql extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $schema->getTable($this->prefix.'mails')->addColumn('late', 'integer', ['notnull' => false]);
        $this->addSql('first');
        if (!$schema->getTable($this->prefix.'mails')->hasColumn('never')) {
            $this->addSql('second');
        }
    }
}
