<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * The expression builder.
 */
final class VersionBuilderExpressions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $expr = $this->connection->createQueryBuilder()->expr();
        $this->addSql('expressions', [
            (string) $expr->eq('a', ':b'), $expr->neq('a', 1), $expr->lt('a', 'b'), $expr->lte('a', 'b'), $expr->gt('a', 'b'), $expr->gte('a', 'b'), $expr->isNull('a'), $expr->isNotNull('a'), $expr->like('a', "'%x'"), $expr->notLike('a', ':b'), $expr->in('a', [1, 2]), $expr->in('a', ':list'), $expr->notIn('a', ["'x'", "'y'"]), $expr->literal('x'), $expr->literal("it's"), $expr->comparison('a', '<=>', 'b'),
            (string) $expr->andX('a = 1', $expr->orX('b = 2', 'c = 3')), (string) $expr->and('a = 1', $expr->or('b = 2', 'c = 3'), 'd = 4'), (string) $expr->orX('only'), (string) $expr->andX($expr->eq('x', $expr->literal('y')), $expr->isNull('z')), count($expr->andX('a', 'b')), (string) $expr->and('a')->with('b', 'c'),
        ]);
        $builder = $this->connection->createQueryBuilder();
        $builder->select('id')->from($this->prefix.'fields')->where($builder->expr()->andX($builder->expr()->eq('type', $builder->expr()->literal('lookup')), $builder->expr()->in('id', ['2', '3', '4'])));
        $this->addSql($builder->getSQL(), $builder->execute()->fetchAll());
    }
}
