<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

trait Greets
{
    public function hello()
    {
        return 'hello';
    }
}

trait Grumbles
{
    public function hello()
    {
        return 'HELLO';
    }
}

/**
 * Traits with conflicts and aliases: @expect needs_php
 */
final class VersionTraitsAdapted extends AbstractMauticMigration
{
    use Greets, Grumbles {
        Greets::hello insteadof Grumbles;
        Grumbles::hello as protected loud;
    }

    public function up(Schema $schema): void
    {
        $this->addSql($this->hello());
    }
}
