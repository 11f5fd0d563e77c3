<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/** Rows alone: they change together with the version's row, or not at all. A repetition would show. */
class Version20200201000000 extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql("UPDATE {$this->prefix}visits SET hits = hits + 1");
        $this->addSql("INSERT INTO {$this->prefix}people (id, name, town) VALUES (4, 'Dora', 'Rom')");
    }
}
