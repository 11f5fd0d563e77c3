<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\Migrations\SkipMigrationException;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Written after the statements, past addSql.
 */
class Version20181017154600 extends AbstractMauticMigration
{
    public function preUp(Schema $schema)
    {
        $rows = $this->connection->createQueryBuilder()
            ->select('u.id')
            ->from($this->prefix.'users', 'u')
            ->where('u.preferences IS NULL')
            ->execute()
            ->fetchAll();

        if (0 === count($rows)) {
            throw new SkipMigrationException('Schema includes this migration');
        }
    }

    public function up(Schema $schema)
    {
        $this->suppressNoSQLStatementError();
    }

    public function postUp(Schema $schema)
    {
        $this->connection->update($this->prefix.'users', ['preferences' => serialize([])], ['preferences' => null]);
    }
}
