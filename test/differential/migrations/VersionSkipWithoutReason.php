<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Skipped without a reason.
 */
final class VersionSkipWithoutReason extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->skipIf(true);
    }
}
