<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Types\Type;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * Columns that are changed in type, length, default, comment and more.
 */
final class VersionChangeColumns extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $contacts->changeColumn('email', ['length' => 255, 'notnull' => true]);
        $contacts->changeColumn('points', ['default' => 5, 'unsigned' => true]);
        $contacts->changeColumn('rate', ['precision' => 12, 'scale' => 4]);
        $contacts->getColumn('first_name')->setComment('given name')->setDefault('nobody');
        $contacts->getColumn('is_active')->setNotnull(true)->setDefault(false);
        $contacts->modifyColumn('internal', ['type' => Type::getType('text')]);
        $mails = $schema->getTable($this->prefix.'mails');
        $mails->getColumn('lang')->setLength(5)->setDefault(null);
        $mails->getColumn('subject')->setType(Type::getType('string'))->setLength(191);
        $mails->getColumn('read_count')->setType(Type::getType('bigint'));
        $mails->changeColumn('content', ['type' => Type::getType('simple_array')]);
        $mails->getColumn('name')->setOptions(['length' => 100, 'customSchemaOptions' => ['x' => 1]]);
        $schema->getTable($this->prefix.'segments')->changeColumn('alias', ['length' => 32]);
    }
}
