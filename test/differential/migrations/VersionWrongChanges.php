<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Schema\SchemaException;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Changes that the schema itself refuses.
 */
final class VersionWrongChanges extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        foreach ([
            fn () => $contacts->addColumn('email', 'string'),
            fn () => $contacts->addIndex(['nothing'], 'x'),
            fn () => $contacts->addIndex(['email'], 'contact_text'),
            fn () => $contacts->dropIndex('nothing'),
            fn () => $contacts->removeForeignKey('nothing'),
            fn () => $contacts->addForeignKeyConstraint($this->prefix.'segments', ['nothing'], ['id']),
            fn () => $schema->createTable($this->prefix.'contacts'),
            fn () => $schema->dropTable('nothing_there'),
            fn () => $contacts->changeColumn('nothing', []),
            fn () => $contacts->renameIndex('nothing', 'x'),
            fn () => $schema->renameTable('nothing_there', 'x'),
        ] as $number => $change) {
            try {
                $change();
                $this->addSql("$number went through");
            } catch (SchemaException $error) {
                $this->addSql("$number: ".get_class($error), [$error->getCode()]);
            }
        }
    }
}
