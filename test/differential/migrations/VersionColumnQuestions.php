<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Doctrine\DBAL\Types\BigIntType;
use Doctrine\DBAL\Types\IntegerType;
use Doctrine\DBAL\Types\StringType;
use Doctrine\DBAL\Types\TextType;
use Doctrine\DBAL\Types\Type;
use Doctrine\DBAL\Types\Types;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * What real migrations ask of a column.
 */
final class VersionColumnQuestions extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $contacts = $schema->getTable($this->prefix.'contacts');
        $this->addSql('asked', [
            $contacts->getColumn('id')->getType() instanceof BigIntType, $contacts->getColumn('points')->getType() instanceof IntegerType, $contacts->getColumn('email')->getType() instanceof StringType, $contacts->getColumn('EMAIL')->getLength() === 191,
            $contacts->getColumn('id')->getUnsigned() ? 'UNSIGNED' : 'SIGNED', $contacts->getColumn('first_name')->getNotnull() === false, $contacts->getColumn('points')->getDefault() === '0', $contacts->getColumn('email')->hasPlatformOption('collation'), $contacts->getColumn('email')->getPlatformOption('collation'),
            $contacts->getColumn('internal')->getType()->getName() === Types::JSON, $contacts->getColumn('internal')->getType() === Type::getType('json'), $contacts->getColumn('id')->getType() == Type::getType(Types::BIGINT), $contacts->getColumn('internal')->getComment(), get_class($contacts->getColumn('domain')->getType()) === 'GeneratedType', $contacts->getColumn('preferred')->getType()->getName(), $contacts->getColumn('identified_at')->getDefault(), $contacts->getColumn('id')->toArray()['autoincrement'], $contacts->getColumn('internal')->getType() instanceof TextType,
        ]);
    }
}
