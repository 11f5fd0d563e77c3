<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;
use Symfony\Component\DependencyInjection\ContainerInterface;

/**
 * setContainer overridden, calling its parent.
 */
final class VersionContainerSet extends AbstractMauticMigration
{
    protected $tableName;

    public function up(Schema $schema)
    {
        $this->addSql('SELECT 1 FROM '.$this->tableName, [$this->container->getParameter('mautic.db_table_prefix')]);
    }

    public function setContainer(ContainerInterface $container = null)
    {
        parent::setContainer($container);
        $this->tableName = sprintf('%s%s', $this->prefix, 'mails');
    }
}
