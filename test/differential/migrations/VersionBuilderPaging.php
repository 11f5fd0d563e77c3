<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A while loop over pages of rows.
 */
final class VersionBuilderPaging extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $builder = $this->connection->createQueryBuilder();
        $builder->select('id')->from($this->prefix.'fields')->orderBy('id')->setMaxResults(3);
        $start = 0;
        while ($rows = $builder->setFirstResult($start)->execute()->fetchAll()) {
            $this->addSql('page '.$start, array_column($rows, 'id'));
            $start += 3;
        }
    }
}
