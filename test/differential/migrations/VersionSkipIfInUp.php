<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Skipped in the middle of up.
 */
final class VersionSkipIfInUp extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('collected and dropped');
        $this->skipIf($schema->getTable($this->prefix.'contacts')->hasColumn('email'), 'The column email is there');
    }
}
