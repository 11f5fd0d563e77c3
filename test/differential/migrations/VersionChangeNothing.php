<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Changes that come to nothing.
 */
final class VersionChangeNothing extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $contacts->changeColumn('email', ['length' => 191]);
        $contacts->getColumn('points')->setDefault('0');
        $contacts->addColumn('added', 'string');
        $contacts->dropColumn('added');
        $schema->getTable($this->prefix.'segments');
    }
}
