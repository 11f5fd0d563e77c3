<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Random values, of which only the form is known beforehand.
 */
final class VersionRandomNumbers extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('forms', [strlen((string) random_int(100, 999)), random_int(5, 5)]);
    }
}
