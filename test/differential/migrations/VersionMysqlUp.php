<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A migration with mysqlUp in place of up.
 */
final class VersionMysqlUp extends AbstractMauticMigration
{
    public function mysqlUp(Schema $schema)
    {
        $this->addSql("CREATE TABLE {$this->prefix}new (id INT) ENGINE = {$schema->getTable($this->prefix.'contacts')->getOption('engine')};");
    }
}
