/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctrine_fixture.h"

/* What becomes of changes to a Schema: Doctrine's own statements for them, to the byte. */

static const struct doctrine_case cases[] = {
        {
                .name = "nothing changes",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "",
        },
        {
                .name = "a column is added",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders')->addColumn('note', 'string', ['length' => 20, 'notnull' => "
                        "false, 'default' => \"it's\", 'comment' => 'why']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE orders ADD note VARCHAR(20) DEFAULT 'it's' "
                                                 "COMMENT 'why'\n",
                                [DOCTRINE_2_10] = "ALTER TABLE orders ADD note VARCHAR(20) DEFAULT 'it''s' "
                                                  "COMMENT 'why'\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders ADD note VARCHAR(20) DEFAULT 'it''s' "
                                                  "COMMENT 'why'\n",
                                [DOCTRINE_3_7] = "ALTER TABLE orders ADD note VARCHAR(20) DEFAULT 'it''s' "
                                                 "COMMENT 'why'\n",
                        },
        },
        {
                .name = "columns of many types are added",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('orders');\n"
                        "foreach (['bigint', 'blob', 'date', 'datetime', 'guid', 'array', 'text', 'time', "
                        "'float', 'decimal', 'boolean', 'smallint', 'binary'] as $type) {\n"
                        "    $t->addColumn('c_'.$type, $type);\n"
                        "}\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE orders ADD c_bigint BIGINT NOT NULL, ADD "
                                                 "c_blob LONGBLOB NOT NULL, ADD "
                                                 "c_date DATE NOT NULL, ADD c_datetime DATETIME NOT NULL "
                                                 "COMMENT '(DC2Type:datetime)', "
                                                 "ADD c_guid CHAR(36) NOT NULL COMMENT '(DC2Type:guid)', ADD "
                                                 "c_array LONGTEXT NOT NULL "
                                                 "COMMENT '(DC2Type:array)', ADD c_text LONGTEXT NOT NULL, "
                                                 "ADD c_time TIME NOT NULL, ADD "
                                                 "c_float DOUBLE PRECISION NOT NULL, ADD c_decimal "
                                                 "NUMERIC(10, 0) NOT NULL, ADD c_boolean "
                                                 "TINYINT(1) NOT NULL, ADD c_smallint SMALLINT NOT NULL, ADD "
                                                 "c_binary VARBINARY(255) NOT "
                                                 "NULL\n",
                                [DOCTRINE_2_10] = "ALTER TABLE orders ADD c_bigint BIGINT NOT NULL, ADD "
                                                  "c_blob LONGBLOB NOT NULL, ADD "
                                                  "c_date DATE NOT NULL, ADD c_datetime DATETIME NOT NULL "
                                                  "COMMENT '(DC2Type:datetime)', "
                                                  "ADD c_guid CHAR(36) NOT NULL COMMENT '(DC2Type:guid)', "
                                                  "ADD c_array LONGTEXT NOT NULL "
                                                  "COMMENT '(DC2Type:array)', ADD c_text LONGTEXT NOT NULL, "
                                                  "ADD c_time TIME NOT NULL, ADD "
                                                  "c_float DOUBLE PRECISION NOT NULL, ADD c_decimal "
                                                  "NUMERIC(10, 0) NOT NULL, ADD c_boolean "
                                                  "TINYINT(1) NOT NULL, ADD c_smallint SMALLINT NOT NULL, "
                                                  "ADD c_binary VARBINARY(255) NOT "
                                                  "NULL\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders ADD c_bigint BIGINT NOT NULL, ADD "
                                                  "c_blob LONGBLOB NOT NULL, ADD "
                                                  "c_date DATE NOT NULL, ADD c_datetime DATETIME NOT NULL, "
                                                  "ADD c_guid CHAR(36) NOT NULL "
                                                  "COMMENT '(DC2Type:guid)', ADD c_array LONGTEXT NOT NULL "
                                                  "COMMENT '(DC2Type:array)', ADD "
                                                  "c_text LONGTEXT NOT NULL, ADD c_time TIME NOT NULL, ADD "
                                                  "c_float DOUBLE PRECISION NOT "
                                                  "NULL, ADD c_decimal NUMERIC(10, 0) NOT NULL, ADD "
                                                  "c_boolean TINYINT(1) NOT NULL, ADD "
                                                  "c_smallint SMALLINT NOT NULL, ADD c_binary VARBINARY(255) "
                                                  "NOT NULL\n",
                                [DOCTRINE_3_7] = "ALTER TABLE orders ADD c_bigint BIGINT NOT NULL, ADD "
                                                 "c_blob LONGBLOB NOT NULL, ADD "
                                                 "c_date DATE NOT NULL, ADD c_datetime DATETIME NOT NULL, "
                                                 "ADD c_guid CHAR(36) NOT NULL "
                                                 "COMMENT '(DC2Type:guid)', ADD c_array LONGTEXT NOT NULL "
                                                 "COMMENT '(DC2Type:array)', ADD "
                                                 "c_text LONGTEXT NOT NULL, ADD c_time TIME NOT NULL, ADD "
                                                 "c_float DOUBLE PRECISION NOT "
                                                 "NULL, ADD c_decimal NUMERIC(10, 0) NOT NULL, ADD c_boolean "
                                                 "TINYINT(1) NOT NULL, ADD "
                                                 "c_smallint SMALLINT NOT NULL, ADD c_binary VARBINARY(255) "
                                                 "NOT NULL\n",
                        },
        },
        {
                .name = "json is added",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders')->addColumn('data', 'json');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_10] = "ALTER TABLE orders ADD data JSON NOT NULL\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders ADD data LONGTEXT NOT NULL COMMENT "
                                                  "'(DC2Type:json)'\n",
                                [DOCTRINE_3_7] = "ALTER TABLE orders ADD data JSON NOT NULL COMMENT "
                                                 "'(DC2Type:json)'\n",
                        },
        },
        {
                .name = "defaults are added",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('logs');\n"
                        "$t->addColumn('a', 'integer', ['default' => 5]);\n"
                        "$t->addColumn('b', 'boolean', ['default' => true]);\n"
                        "$t->addColumn('c', 'datetime', ['default' => 'CURRENT_TIMESTAMP']);\n"
                        "$t->addColumn('d', 'text', ['default' => 'x']);\n"
                        "$t->addColumn('e', 'string', ['default' => '']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] =
                                        "ALTER TABLE logs ADD a INT DEFAULT 5 NOT NULL, ADD b TINYINT(1) "
                                        "DEFAULT '1' NOT NULL, "
                                        "ADD c DATETIME DEFAULT 'CURRENT_TIMESTAMP' NOT NULL COMMENT "
                                        "'(DC2Type:datetime)', ADD d "
                                        "LONGTEXT NOT NULL, ADD e VARCHAR(255) DEFAULT '' NOT NULL\n",
                                [DOCTRINE_2_10] =
                                        "ALTER TABLE logs ADD a INT DEFAULT 5 NOT NULL, ADD b TINYINT(1) "
                                        "DEFAULT '1' NOT NULL, "
                                        "ADD c DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL COMMENT "
                                        "'(DC2Type:datetime)', ADD d "
                                        "LONGTEXT NOT NULL, ADD e VARCHAR(255) DEFAULT '' NOT NULL\n",
                                [DOCTRINE_2_13] = "ALTER TABLE logs ADD a INT DEFAULT 5 NOT NULL, ADD b "
                                                  "TINYINT(1) DEFAULT '1' NOT NULL, "
                                                  "ADD c DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, ADD d "
                                                  "LONGTEXT NOT NULL, ADD e "
                                                  "VARCHAR(255) DEFAULT '' NOT NULL\n",
                                [DOCTRINE_3_7] = "ALTER TABLE logs ADD a INT DEFAULT 5 NOT NULL, ADD b "
                                                 "TINYINT(1) DEFAULT 1 NOT NULL, ADD "
                                                 "c DATETIME DEFAULT CURRENT_TIMESTAMP NOT NULL, ADD d "
                                                 "LONGTEXT DEFAULT 'x' NOT NULL, ADD "
                                                 "e VARCHAR(255) DEFAULT '' NOT NULL\n",
                        },
        },
        {
                .name = "a column changes",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('customers')->changeColumn('balance', ['notnull' => true, 'unsigned' "
                        "=> "
                        "true, 'scale' => 2, 'default' => '0']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE customers CHANGE balance balance NUMERIC(12, "
                                                 "2) DEFAULT '0' NOT NULL\n",
                                [DOCTRINE_2_10] = "ALTER TABLE customers CHANGE balance balance NUMERIC(12, "
                                                  "2) UNSIGNED DEFAULT '0' NOT "
                                                  "NULL\n",
                                [DOCTRINE_2_13] = "ALTER TABLE customers CHANGE balance balance NUMERIC(12, "
                                                  "2) UNSIGNED DEFAULT '0' NOT "
                                                  "NULL\n",
                                [DOCTRINE_3_7] = "ALTER TABLE customers CHANGE balance balance NUMERIC(12, "
                                                 "2) UNSIGNED DEFAULT '0' NOT "
                                                 "NULL\n",
                        },
        },
        {
                .name = "a type changes",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders')->getColumn('total')->setType(Doctrine\\DBAL\\Types\\Type::"
                        "getType"
                        "('bigint'))->setUnsigned(true);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE orders CHANGE total total BIGINT UNSIGNED NOT NULL\n",
        },
        {
                .name = "a default of a text alone is no change",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('logs')->getColumn('line')->setDefault('x');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "",
                                [DOCTRINE_2_10] = "",
                                [DOCTRINE_2_13] = "",
                                [DOCTRINE_3_7] = "ALTER TABLE logs CHANGE line line TEXT DEFAULT 'x'\n",
                        },
        },
        {
                .name = "columns are dropped and renamed",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('customers');\n"
                        "$t->dropColumn('order');\n"
                        "$t->dropColumn('added');\n"
                        "$t->addColumn('created', 'datetime', ['default' => 'CURRENT_TIMESTAMP', "
                        "'platformOptions' => []]);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE customers ADD created DATETIME DEFAULT "
                                                 "'CURRENT_TIMESTAMP' NOT NULL COMMENT "
                                                 "'(DC2Type:datetime)', DROP added, DROP `order`\n",
                                [DOCTRINE_2_10] = "ALTER TABLE customers ADD created DATETIME DEFAULT "
                                                  "CURRENT_TIMESTAMP NOT NULL COMMENT "
                                                  "'(DC2Type:datetime)', DROP added, DROP `order`\n",
                                [DOCTRINE_2_13] = "ALTER TABLE customers DROP `order`, CHANGE added created "
                                                  "DATETIME DEFAULT "
                                                  "CURRENT_TIMESTAMP NOT NULL\n",
                                [DOCTRINE_3_7] = "ALTER TABLE customers DROP `order`, CHANGE added created "
                                                 "DATETIME DEFAULT "
                                                 "CURRENT_TIMESTAMP NOT NULL\n",
                        },
        },
        {
                .name = "indexes are added with generated names",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('customers');\n"
                        "$t->addIndex(['balance', 'added']);\n"
                        "$t->addUniqueIndex(['name'], null, ['lengths' => [5]]);\n"
                        "$t->addIndex(['name'], 'name_text', ['fulltext']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] =
                                        "CREATE INDEX IDX_62534E21ACF41FFECBBF90EB ON customers (balance, "
                                        "added)\n"
                                        "CREATE UNIQUE INDEX UNIQ_62534E215E237E06 ON customers (name)\n"
                                        "CREATE FULLTEXT INDEX name_text ON customers (name)\n",
                                [DOCTRINE_2_10] =
                                        "CREATE INDEX IDX_62534E21ACF41FFECBBF90EB ON customers (balance, "
                                        "added)\n"
                                        "CREATE UNIQUE INDEX UNIQ_62534E215E237E06 ON customers (name(5))\n"
                                        "CREATE FULLTEXT INDEX name_text ON customers (name)\n",
                                [DOCTRINE_2_13] =
                                        "CREATE INDEX IDX_62534E21ACF41FFECBBF90EB ON customers (balance, "
                                        "added)\n"
                                        "CREATE UNIQUE INDEX UNIQ_62534E215E237E06 ON customers (name(5))\n"
                                        "CREATE FULLTEXT INDEX name_text ON customers (name)\n",
                                [DOCTRINE_3_7] =
                                        "CREATE INDEX IDX_62534E21ACF41FFECBBF90EB ON customers (balance, "
                                        "added)\n"
                                        "CREATE UNIQUE INDEX UNIQ_62534E215E237E06 ON customers (name(5))\n"
                                        "CREATE FULLTEXT INDEX name_text ON customers (name)\n",
                        },
        },
        {
                .name = "an index is renamed",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders')->renameIndex('by_customer', 'for_customer');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE orders DROP FOREIGN KEY FK_CUSTOMER\n"
                                                 "DROP INDEX by_customer ON orders\n"
                                                 "CREATE INDEX for_customer ON orders (customer_id)\n"
                                                 "ALTER TABLE orders ADD CONSTRAINT FK_CUSTOMER FOREIGN KEY "
                                                 "(customer_id) REFERENCES "
                                                 "customers (id) ON DELETE CASCADE\n",
                                [DOCTRINE_2_10] =
                                        "ALTER TABLE orders RENAME INDEX by_customer TO for_customer\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders DROP FOREIGN KEY FK_CUSTOMER\n"
                                                  "DROP INDEX by_customer ON orders\n"
                                                  "CREATE INDEX for_customer ON orders (customer_id)\n"
                                                  "ALTER TABLE orders ADD CONSTRAINT FK_CUSTOMER FOREIGN KEY "
                                                  "(customer_id) REFERENCES "
                                                  "customers (id) ON DELETE CASCADE\n",
                                [DOCTRINE_3_7] =
                                        "ALTER TABLE orders RENAME INDEX by_customer TO for_customer\n",
                        },
        },
        {
                .name = "an index that a foreign key needs goes and comes",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('orders');\n"
                        "$t->dropIndex('by_customer');\n"
                        "$t->addUniqueIndex(['customer_id'], 'once');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE orders DROP INDEX by_customer, ADD UNIQUE INDEX once (customer_id)\n",
        },
        {
                .name = "foreign keys come and go",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('orders');\n"
                        "$t->removeForeignKey('fk_customer');\n"
                        "$t->addForeignKeyConstraint($b->getTable('customers'), ['customer_id'], ['id'], "
                        "['onDelete' => 'set null', 'onUpdate' => 'CASCADE']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE orders DROP FOREIGN KEY FK_CUSTOMER\n"
                       "ALTER TABLE orders ADD CONSTRAINT FK_E52FFDEE9395C3F3 FOREIGN KEY (customer_id) "
                       "REFERENCES customers (id) ON UPDATE CASCADE ON DELETE SET NULL\n",
        },
        {
                .name = "a foreign key keeps its name and changes",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('orders');\n"
                        "$t->removeForeignKey('FK_CUSTOMER');\n"
                        "$t->addForeignKeyConstraint('customers', ['customer_id'], ['id'], [], "
                        "'fk_customer');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE orders DROP FOREIGN KEY fk_customer\n"
                       "ALTER TABLE orders ADD CONSTRAINT fk_customer FOREIGN KEY (customer_id) REFERENCES "
                       "customers (id)\n",
        },
        {
                .name = "an action that is none",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders')->addForeignKeyConstraint('customers', ['id'], ['id'], "
                        "['onDelete' => 'explode']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "thrown: InvalidArgumentException\n",
        },
        {
                .name = "the primary key is dropped",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('orders')->dropPrimaryKey();\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                 "ALTER TABLE orders DROP PRIMARY KEY\n",
                                [DOCTRINE_2_10] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                  "ALTER TABLE orders DROP PRIMARY KEY\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                  "ALTER TABLE orders DROP PRIMARY KEY\n",
                                [DOCTRINE_3_7] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                 "DROP INDEX `PRIMARY` ON orders\n",
                        },
        },
        {
                .name = "the primary key changes",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('orders');\n"
                        "$t->dropPrimaryKey();\n"
                        "$t->setPrimaryKey(['total', 'id']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                 "ALTER TABLE orders DROP PRIMARY KEY\n"
                                                 "ALTER TABLE orders ADD PRIMARY KEY (total, id)\n",
                                [DOCTRINE_2_10] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                  "ALTER TABLE orders DROP PRIMARY KEY\n"
                                                  "ALTER TABLE orders ADD PRIMARY KEY (total, id)\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                  "ALTER TABLE orders DROP PRIMARY KEY\n"
                                                  "ALTER TABLE orders ADD PRIMARY KEY (total, id)\n",
                                [DOCTRINE_3_7] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                 "DROP INDEX `primary` ON orders\n"
                                                 "ALTER TABLE orders ADD PRIMARY KEY (total, id)\n",
                        },
        },
        {
                .name = "the primary key gets a new counter",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('orders');\n"
                        "$t->dropPrimaryKey();\n"
                        "$t->addColumn('number', 'integer', ['autoincrement' => true]);\n"
                        "$t->setPrimaryKey(['number']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "ALTER TABLE orders MODIFY id INT NOT NULL\n"
                                                 "ALTER TABLE orders DROP PRIMARY KEY\n"
                                                 "ALTER TABLE orders ADD number INT AUTO_INCREMENT NOT NULL\n"
                                                 "ALTER TABLE orders ADD PRIMARY KEY (number)\n",
                                [DOCTRINE_2_10] = "ALTER TABLE orders ADD number INT AUTO_INCREMENT NOT "
                                                  "NULL, DROP PRIMARY KEY, ADD "
                                                  "PRIMARY KEY (number)\n",
                                [DOCTRINE_2_13] = "ALTER TABLE orders ADD number INT AUTO_INCREMENT NOT "
                                                  "NULL, DROP PRIMARY KEY, ADD "
                                                  "PRIMARY KEY (number)\n",
                                [DOCTRINE_3_7] = "ALTER TABLE orders ADD number INT AUTO_INCREMENT NOT NULL, "
                                                 "DROP PRIMARY KEY, ADD "
                                                 "PRIMARY KEY (number)\n",
                        },
        },
        {
                .name = "a primary key is added",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('logs');\n"
                        "$t->addColumn('id', 'integer', ['autoincrement' => true, 'unsigned' => true]);\n"
                        "$t->setPrimaryKey(['id']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE logs ADD id INT UNSIGNED AUTO_INCREMENT NOT NULL, ADD PRIMARY KEY (id)\n",
        },
        {
                .name = "a table is made",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->createTable('items');\n"
                        "$t->addColumn('id', 'integer', ['autoincrement' => true]);\n"
                        "$t->addColumn('order_id', 'integer');\n"
                        "$t->addColumn('key', 'string', ['fixed' => true, 'length' => 8]);\n"
                        "$t->addColumn('tags', 'simple_array', ['comment' => 'words']);\n"
                        "$t->setPrimaryKey(['id']);\n"
                        "$t->addUniqueIndex(['key']);\n"
                        "$t->addForeignKeyConstraint('orders', ['order_id'], ['id'], ['onDelete' => "
                        "'CASCADE']);\n"
                        "$t->addOption('comment', \"it's\");\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "CREATE TABLE items (id INT AUTO_INCREMENT NOT NULL, "
                                                 "order_id INT NOT NULL, `key` "
                                                 "CHAR(8) NOT NULL, tags LONGTEXT NOT NULL COMMENT "
                                                 "'words(DC2Type:simple_array)', UNIQUE "
                                                 "INDEX UNIQ_E11EE94D8A90ABA9 (`key`), INDEX "
                                                 "IDX_E11EE94D8D9F6D38 (order_id), PRIMARY "
                                                 "KEY(id)) DEFAULT CHARACTER SET utf8 COLLATE "
                                                 "utf8_unicode_ci ENGINE = InnoDB COMMENT = "
                                                 "'it''s'  ROW_FORMAT = DYNAMIC\n"
                                                 "ALTER TABLE items ADD CONSTRAINT FK_E11EE94D8D9F6D38 "
                                                 "FOREIGN KEY (order_id) REFERENCES "
                                                 "orders (id) ON DELETE CASCADE\n",
                                [DOCTRINE_2_10] = "CREATE TABLE items (id INT AUTO_INCREMENT NOT NULL, "
                                                  "order_id INT NOT NULL, `key` "
                                                  "CHAR(8) NOT NULL, tags LONGTEXT NOT NULL COMMENT "
                                                  "'words(DC2Type:simple_array)', UNIQUE "
                                                  "INDEX UNIQ_E11EE94D8A90ABA9 (`key`), INDEX "
                                                  "IDX_E11EE94D8D9F6D38 (order_id), PRIMARY "
                                                  "KEY(id)) DEFAULT CHARACTER SET utf8mb4 COLLATE "
                                                  "`utf8mb4_unicode_ci` ENGINE = InnoDB "
                                                  "COMMENT = 'it''s'  ROW_FORMAT = DYNAMIC\n"
                                                  "ALTER TABLE items ADD CONSTRAINT FK_E11EE94D8D9F6D38 "
                                                  "FOREIGN KEY (order_id) REFERENCES "
                                                  "orders (id) ON DELETE CASCADE\n",
                                [DOCTRINE_2_13] = "CREATE TABLE items (id INT AUTO_INCREMENT NOT NULL, "
                                                  "order_id INT NOT NULL, `key` "
                                                  "CHAR(8) NOT NULL, tags LONGTEXT NOT NULL COMMENT "
                                                  "'words(DC2Type:simple_array)', UNIQUE "
                                                  "INDEX UNIQ_E11EE94D8A90ABA9 (`key`), INDEX "
                                                  "IDX_E11EE94D8D9F6D38 (order_id), PRIMARY "
                                                  "KEY(id)) DEFAULT CHARACTER SET utf8mb4 COLLATE "
                                                  "`utf8mb4_unicode_ci` ENGINE = InnoDB "
                                                  "COMMENT = 'it''s'  ROW_FORMAT = DYNAMIC\n"
                                                  "ALTER TABLE items ADD CONSTRAINT FK_E11EE94D8D9F6D38 "
                                                  "FOREIGN KEY (order_id) REFERENCES "
                                                  "orders (id) ON DELETE CASCADE\n",
                                [DOCTRINE_3_7] = "CREATE TABLE items (id INT AUTO_INCREMENT NOT NULL, "
                                                 "order_id INT NOT NULL, `key` "
                                                 "CHAR(8) NOT NULL, tags LONGTEXT NOT NULL COMMENT "
                                                 "'words(DC2Type:simple_array)', UNIQUE "
                                                 "INDEX UNIQ_E11EE94D8A90ABA9 (`key`), INDEX "
                                                 "IDX_E11EE94D8D9F6D38 (order_id), PRIMARY "
                                                 "KEY(id)) DEFAULT CHARACTER SET utf8mb4 COLLATE "
                                                 "`utf8mb4_unicode_ci` ENGINE = InnoDB "
                                                 "COMMENT = 'it''s'  ROW_FORMAT = DYNAMIC\n"
                                                 "ALTER TABLE items ADD CONSTRAINT FK_E11EE94D8D9F6D38 "
                                                 "FOREIGN KEY (order_id) REFERENCES "
                                                 "orders (id) ON DELETE CASCADE\n",
                        },
        },
        {
                .name = "a table without columns",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->createTable('empty');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] = "thrown: Doctrine\\DBAL\\DBALException\n",
                                [DOCTRINE_2_10] = "thrown: Doctrine\\DBAL\\DBALException\n",
                                [DOCTRINE_2_13] = "thrown: Doctrine\\DBAL\\Exception\n",
                                [DOCTRINE_3_7] = "thrown: Doctrine\\DBAL\\Exception\n",
                        },
        },
        {
                .name = "a table is dropped that others refer to",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->dropTable('customers');\n"
                        "$b->getTable('orders')->removeForeignKey('FK_CUSTOMER');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE orders DROP FOREIGN KEY FK_CUSTOMER\n"
                       "DROP TABLE customers\n",
        },
        {
                .name = "a table is renamed",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->renameTable('logs', 'journal');\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] =
                                        "CREATE TABLE journal (line TEXT DEFAULT NULL COLLATE "
                                        "latin1_swedish_ci) DEFAULT "
                                        "CHARACTER SET utf8 COLLATE utf8_unicode_ci ENGINE = InnoDB\n"
                                        "DROP TABLE logs\n",
                                [DOCTRINE_2_10] = "CREATE TABLE journal (line TEXT CHARACTER SET latin1 "
                                                  "DEFAULT NULL COLLATE "
                                                  "`latin1_swedish_ci`) DEFAULT CHARACTER SET utf8 COLLATE "
                                                  "`utf8_unicode_ci` ENGINE = "
                                                  "InnoDB COMMENT = '' \n"
                                                  "DROP TABLE logs\n",
                                [DOCTRINE_2_13] = "CREATE TABLE journal (line TEXT CHARACTER SET latin1 "
                                                  "DEFAULT NULL COLLATE "
                                                  "`latin1_swedish_ci`) DEFAULT CHARACTER SET utf8 COLLATE "
                                                  "`utf8_unicode_ci` ENGINE = "
                                                  "InnoDB COMMENT = '' \n"
                                                  "DROP TABLE logs\n",
                                [DOCTRINE_3_7] = "CREATE TABLE journal (line TEXT CHARACTER SET latin1 "
                                                 "DEFAULT NULL COLLATE "
                                                 "`latin1_swedish_ci`) DEFAULT CHARACTER SET latin1 COLLATE "
                                                 "`latin1_swedish_ci` ENGINE = "
                                                 "InnoDB COMMENT = '' \n"
                                                 "DROP TABLE logs\n",
                        },
        },
        {
                .name = "a column has its own definition",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$b->getTable('logs')->addColumn('x', 'string', ['columnDefinition' => 'VARCHAR(9) "
                        "AS "
                        "(1)']);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .all = "ALTER TABLE logs ADD x VARCHAR(9) AS (1)\n",
        },
        {
                .name = "charset and collation of a column",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$t = $b->getTable('logs');\n"
                        "$t->addColumn('x', 'string', ['customSchemaOptions' => ['charset' => 'ascii', "
                        "'collation' => 'ascii_bin']]);\n"
                        "foreach (difference($s, $b) as $sql) {\n"
                        "    out($sql);\n"
                        "}\n",
                .expected =
                        {
                                [DOCTRINE_2_5] =
                                        "ALTER TABLE logs ADD x VARCHAR(255)  NOT NULL COLLATE ascii_bin\n",
                                [DOCTRINE_2_10] = "ALTER TABLE logs ADD x VARCHAR(255) CHARACTER SET ascii "
                                                  "NOT NULL COLLATE `ascii_bin`\n",
                                [DOCTRINE_2_13] = "ALTER TABLE logs ADD x VARCHAR(255) CHARACTER SET ascii "
                                                  "NOT NULL COLLATE `ascii_bin`\n",
                                [DOCTRINE_3_7] = "ALTER TABLE logs ADD x VARCHAR(255) CHARACTER SET ascii "
                                                 "NOT NULL COLLATE `ascii_bin`\n",
                        },
        },
};

static void test_case(void **state)
{
        run_case(*state);
}

int main(void)
{
        struct CMUnitTest tests[ARRAY_SIZE(cases)];

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name, .test_func = test_case, .initial_state = (void *)&cases[i]};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
