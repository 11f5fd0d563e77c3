<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Query builder: updates, inserts and deletes as texts, parts that are reset and read.
 */
final class VersionBuilderChanges extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $builder = $this->connection->createQueryBuilder();
        $builder->update($this->prefix.'mails', 'm')->set('m.name', ':name')->set('m.lang', $builder->expr()->literal('fr'))->where('m.id = 1');
        $this->addSql($builder->getSQL());
        $builder->resetQueryParts()->delete($this->prefix.'mails')->where($builder->expr()->eq('id', 5));
        $this->addSql($builder->getSQL());
        $insert = $this->connection->createQueryBuilder()->insert($this->prefix.'mails')->values(['name' => ':name', 'lang' => "'en'"])->setValue('read_count', '0');
        $this->addSql($insert->getSQL());
        $reset = $this->connection->createQueryBuilder()->select('a')->from('t')->where('x')->orderBy('y');
        $this->addSql($reset->resetQueryPart('where')->getSQL(), [$reset->getQueryPart('orderBy'), $reset->getQueryPart('select'), $reset->getType(), $reset->getMaxResults(), $reset->getFirstResult()]);
        $copy = clone $reset;
        $copy->where('z')->resetQueryPart('orderBy');
        $this->addSql($copy->getSQL(), [$reset->getSQL()]);
    }
}
