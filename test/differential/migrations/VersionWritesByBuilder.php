<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Writes by the query builder, one of them in preUp and one in postUp.
 */
final class VersionWritesByBuilder extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->connection->createQueryBuilder()->delete($this->prefix.'mail_stats')->where('contact_id IS NULL')->execute();
        $builder = $this->connection->createQueryBuilder();
        $builder->update($this->prefix.'mails')->set('lang', ':lang')->where('id = :id')->setParameter('lang', 'sv')->setParameter('id', 1)->executeStatement();
        $this->addSql('collected');
    }

    public function preUp(Schema $schema): void
    {
        $this->connection->createQueryBuilder()->update($this->prefix.'fields')->set('label', "'x'")->where('id = 1')->executeStatement();
    }

    public function postUp(Schema $schema): void
    {
        $this->connection->createQueryBuilder()->insert($this->prefix.'legacy_log')->values(['when_logged' => '?'])->setParameter(0, 9)->execute();
    }
}
