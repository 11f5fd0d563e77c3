<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Files are not read: @expect needs_php
 */
final class VersionFilesRead extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql(file_get_contents(__FILE__));
    }
}
