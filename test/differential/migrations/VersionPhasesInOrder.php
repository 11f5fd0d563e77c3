<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * preUp, up and postUp share the object and its properties.
 */
final class VersionPhasesInOrder extends AbstractMauticMigration
{
    private array $steps = [];

    public function up(Schema $schema): void
    {
        $this->steps[] = 'up';
        $this->addSql(implode(' ', $this->steps));
    }

    public function preUp(Schema $schema): void
    {
        $this->steps[] = 'preUp';
        $this->addSql('added in preUp');
    }

    public function postUp(Schema $schema): void
    {
        $this->steps[] = 'postUp';
    }

    public function down(Schema $schema): void
    {
        $this->addSql('never');
    }

    public function getDescription(): string
    {
        return 'a description';
    }
}
