<?php
// SPDX-License-Identifier: GPL-3.0-or-later

namespace Mautic\Migrations;

use Doctrine\DBAL\Schema\Schema;
use Mautic\CoreBundle\Doctrine\AbstractMauticMigration;

/**
 * A table with every type of column and its options.
 */
final class VersionCreateTableColumns extends AbstractMauticMigration
{
    public function up(Schema $schema): void
    {
        $table = $schema->createTable($this->prefix.'created');
        $table->addColumn('id', 'integer', ['unsigned' => true, 'autoincrement' => true]);
        $table->addColumn('c_smallint', 'smallint', ['unsigned' => true]);
        $table->addColumn('c_bigint', 'bigint', ['notnull' => false]);
        $table->addColumn('c_boolean', 'boolean', ['default' => true]);
        $table->addColumn('c_boolean_off', 'boolean', ['default' => 0, 'notnull' => false]);
        $table->addColumn('c_decimal', 'decimal', ['precision' => 12, 'scale' => 4, 'default' => '1.5000']);
        $table->addColumn('c_decimal_unsigned', 'decimal', ['unsigned' => true]);
        $table->addColumn('c_float', 'float', ['unsigned' => true, 'default' => 0.5]);
        $table->addColumn('c_string', 'string');
        $table->addColumn('c_string_length', 'string', ['length' => 64, 'default' => "it's \\ \"x\"", 'comment' => "it's"]);
        $table->addColumn('c_string_fixed', 'string', ['length' => 36, 'fixed' => true]);
        $table->addColumn('c_ascii', 'ascii_string', ['length' => 10]);
        $table->addColumn('c_text', 'text', ['notnull' => false]);
        $table->addColumn('c_text_tiny', 'text', ['length' => 255]);
        $table->addColumn('c_text_small', 'text', ['length' => 65535]);
        $table->addColumn('c_text_medium', 'text', ['length' => 16777215]);
        $table->addColumn('c_guid', 'guid');
        $table->addColumn('c_binary', 'binary', ['length' => 16, 'fixed' => true]);
        $table->addColumn('c_varbinary', 'binary');
        $table->addColumn('c_blob', 'blob', ['length' => 255]);
        $table->addColumn('c_longblob', 'blob');
        $table->addColumn('c_date', 'date');
        $table->addColumn('c_date_immutable', 'date_immutable');
        $table->addColumn('c_datetime', 'datetime', ['default' => 'CURRENT_TIMESTAMP']);
        $table->addColumn('c_datetime_immutable', 'datetime_immutable', ['notnull' => false]);
        $table->addColumn('c_datetimetz', 'datetimetz');
        $table->addColumn('c_time', 'time', ['notnull' => false, 'default' => '12:00:00']);
        $table->addColumn('c_array', 'array', ['comment' => 'a comment']);
        $table->addColumn('c_simple_array', 'simple_array', ['notnull' => false]);
        $table->addColumn('c_object', 'object');
        $table->addColumn('c_interval', 'dateinterval');
        $table->addColumn('c_definition', 'string', ['columnDefinition' => 'VARCHAR(10) CHARACTER SET ascii NOT NULL']);
        $table->addColumn('c_collated', 'string', ['length' => 10, 'platformOptions' => ['collation' => 'utf8mb4_bin', 'charset' => 'utf8mb4']]);
        $table->addColumn('order', 'integer', ['default' => 7]);
        $table->addColumn('`quoted`', 'integer');
        $table->setPrimaryKey(['id']);
    }
}
