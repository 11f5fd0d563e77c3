<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

namespace Mautic\Migrations;

use Doctrine\DBAL\FetchMode;
use Doctrine\DBAL\Schema\Schema;
use Doctrine\Migrations\Exception\SkipMigration;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

class Version20200302164801 extends AbstractMauticMigration
{
    public function getDescription(): string
    {
        return 'Replaces serialized empty_value to placeholder in form_fields.properties column';
    }

    public function preUp(Schema $schema): void
    {
        $statement = $this->connection->prepare("SELECT id FROM {$this->prefix}form_fields WHERE properties LIKE :pattern");
        $statement->bindValue('pattern', '%s:11:"empty_value"%');
        $statement->execute();

        if (false === $statement->fetch(FetchMode::ASSOCIATIVE)) {
            throw new SkipMigration('Schema includes this migration');
        }
    }

    public function up(Schema $schema): void
    {
        $this->addSql("
            UPDATE {$this->prefix}form_fields
            SET properties = REPLACE(properties, 's:11:\"empty_value\"', 's:11:\"placeholder\"')
            WHERE properties LIKE '%s:11:\"empty_value\"%';
        ");
    }
}
