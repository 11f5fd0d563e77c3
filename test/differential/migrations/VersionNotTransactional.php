<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A migration that runs outside a transaction.
 */
final class VersionNotTransactional extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('OPTIMIZE TABLE x');
    }

    public function isTransactional(): bool
    {
        return false;
    }
}
