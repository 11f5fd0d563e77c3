<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\PreUpAssertionMigration;

/**
 * No pre-up assertions: runs.
 */
final class VersionAssertionsNone extends PreUpAssertionMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('ran');
    }

    protected function preUpAssertions(): void
    {
    }
}
