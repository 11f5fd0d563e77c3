<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Schema\SchemaException;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A table that is not there: an exception of the schema that can be caught, and one that is not.
 */
final class VersionSchemaMissingTable extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        try {
            $schema->getTable('nowhere');
        } catch (SchemaException $error) {
            $this->addSql('table', [$error->getCode()]);
        }
        try {
            $schema->getTable($this->prefix.'contacts')->getColumn('nothing');
        } catch (SchemaException $error) {
            $this->addSql('column', [$error->getMessage(), $error->getCode()]);
        }
        try {
            $schema->getTable($this->prefix.'contacts')->getIndex('nothing');
        } catch (SchemaException $error) {
            $this->addSql('index', [$error->getMessage()]);
        }
        try {
            $schema->getTable($this->prefix.'contacts')->getForeignKey('nothing');
        } catch (SchemaException $error) {
            $this->addSql('foreign key', [$error->getMessage()]);
        }
    }
}
