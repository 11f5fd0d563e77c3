<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Connection;
use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Query builder: parameters of all kinds, created ones, lists.
 */
final class VersionBuilderParameters extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $builder = $this->connection->createQueryBuilder();
        $builder->select('id')->from($this->prefix.'fields')->where($builder->expr()->in('alias', ':aliases'))->andWhere('id < '.$builder->createNamedParameter(9))->andWhere('label <> :label')->setParameter('aliases', ['vip', 'tags'], Connection::PARAM_STR_ARRAY)->setParameter('label', 'x')->orderBy('id');
        $this->addSql($builder->getSQL(), [$builder->getParameters(), $builder->executeQuery()->fetchFirstColumn(), $builder->fetchOne(), $builder->fetchAllAssociative()]);
        $positional = $this->connection->createQueryBuilder();
        $positional->select('id')->from($this->prefix.'fields')->where('type = '.$positional->createPositionalParameter('lookup'))->andWhere('id > ?')->setParameter(1, 2)->orderBy('id');
        $this->addSql($positional->getSQL(), [$positional->getParameters()]);
        $all = $this->connection->createQueryBuilder()->select('id')->from($this->prefix.'fields')->where('id = :id OR alias = :alias')->setParameters(['id' => 1, 'alias' => 'vip'])->orderBy('id');
        $this->addSql($all->getSQL(), $all->executeQuery()->fetchAllNumeric());
    }
}
