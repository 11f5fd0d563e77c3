<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Query builder: the SQL of selects with everything, and their rows.
 */
final class VersionBuilderSelect extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $builder = $this->connection->createQueryBuilder();
        $builder->select('c.id', 'c.email')
            ->addSelect('s.name AS segment')
            ->from($this->prefix.'contacts', 'c')
            ->leftJoin('c', $this->prefix.'segments', 's', 's.id = c.owner_id')
            ->where('c.points > :least')
            ->andWhere($builder->expr()->isNotNull('c.email'))
            ->orWhere('c.id = 3')
            ->groupBy('c.id')
            ->addGroupBy('s.name')
            ->having('COUNT(*) > 0')
            ->orderBy('c.id', 'DESC')
            ->addOrderBy('c.email')
            ->setParameter('least', -10)
            ->setFirstResult(1)
            ->setMaxResults(2);
        $this->addSql($builder->getSQL(), [$builder->getParameters(), $builder->getParameter('least'), $builder->executeQuery()->fetchAllAssociative()]);
        $this->addSql((string) $this->connection->createQueryBuilder()->select('*')->distinct()->from($this->prefix.'mails')->setMaxResults(3));
        $this->addSql($this->connection->createQueryBuilder()->select('a.x')->from('a', 'a')->innerJoin('a', 'b', 'b', 'a.i = b.i')->join('b', 'c', 'c', 'b.j = c.j')->rightJoin('a', 'd', 'd')->getSQL());
        $this->addSql($this->connection->createQueryBuilder()->select('COUNT(*)')->from('t')->where('1 = 1', '2 = 2')->setFirstResult(5)->getSql());
    }
}
