<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Exception;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A type that Doctrine does not know.
 */
final class VersionUnknownType extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        try {
            $schema->getTable($this->prefix.'mails')->addColumn('y', 'nonsense');
        } catch (Exception $error) {
            $this->addSql('refused', [$error->getMessage()]);
        }
    }
}
