<?php

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Random values can't be known beforehand: @expect needs_php
 */
final class VersionRandomNumbers extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $this->addSql('UPDATE x SET y = '.random_int(1, 1000000));
    }
}
