<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Files are not written: @expect needs_php
 */
final class VersionFilesWritten extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        file_put_contents('/nonexistent/x', 'y');
    }
}
