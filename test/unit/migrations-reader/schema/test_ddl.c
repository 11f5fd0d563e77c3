/* SPDX-License-Identifier: GPL-3.0-or-later */

/* DDL on a snapshot without a server; test_ddl_property.c asks one whether it is true. */

#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct schema *new_schema(void)
{
        struct schema *schema = memory_new(sizeof *schema);
        schema->database = string_copy("site");
        schema->charset = string_copy("utf8mb4");
        schema->collation = string_copy("utf8mb4_unicode_ci");
        schema->server = (struct database_server){.mariadb = true, .major = 10, .minor = 11, .patch = 6};
        schema->strict = true;
        return schema;
}

static enum schema_effect apply(struct schema *schema, const char *sql, unsigned *ret_number)
{
        _cleanup_free_ char *message = NULL;
        enum schema_effect effect = schema_apply(schema, sql, strlen(sql), ret_number, &message);
        bool told = effect == SCHEMA_REFUSED || effect == SCHEMA_UNCERTAIN;
        assert_true(told == (message != NULL));
        return effect;
}

static const char before[] =
        "CREATE TABLE leads (id INT AUTO_INCREMENT NOT NULL, email VARCHAR(255) NOT NULL, "
        "points INT, PRIMARY KEY(id), INDEX mail (email), UNIQUE two (email, points));"
        "CREATE TABLE stats (id INT NOT NULL PRIMARY KEY, lead_id INT, CONSTRAINT FK_L "
        "FOREIGN KEY (lead_id) REFERENCES leads (id) ON DELETE CASCADE);"
        "CREATE VIEW v AS SELECT 1";

static struct schema *new_site(void)
{
        struct schema *schema = new_schema();
        unsigned number = 0;
        assert_int_equal(apply(schema, before, &number), SCHEMA_CHANGED);
        return schema;
}

/* Column types */

static void test_types(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *expected; /* type, collation, default, null */
        } cases[] = {
                {"INT", "int(11) - NULL null"},
                {"INTEGER UNSIGNED NOT NULL", "int(10) unsigned - - not null"},
                {"BOOL DEFAULT TRUE", "tinyint(1) - 1 null"},
                {"INT8", "bigint(20) - NULL null"},
                {"MIDDLEINT ZEROFILL DEFAULT 5", "mediumint(8) unsigned zerofill - 00000005 null"},
                {"DOUBLE PRECISION DEFAULT '1.50' NOT NULL", "double - 1.5 not null"},
                {"FLOAT(30)", "double - NULL null"},
                {"NUMERIC", "decimal(10,0) - NULL null"},
                {"DEC(5,2) DEFAULT 1.005", "decimal(5,2) - 1.01 null"},
                {"NATIONAL VARCHAR(9)", "varchar(9) utf8mb3_general_ci NULL null"},
                {"VARCHAR(9) CHARACTER SET latin1 DEFAULT 1", "varchar(9) latin1_swedish_ci '1' null"},
                {"VARCHAR(9) BINARY", "varchar(9) utf8mb4_bin NULL null"},
                {"CHAR BYTE", "binary(1) - NULL null"},
                {"TEXT(100)", "text utf8mb4_unicode_ci NULL null"},
                {"TEXT(60) CHARACTER SET latin1", "tinytext latin1_swedish_ci NULL null"},
                {"LONG", "mediumtext utf8mb4_unicode_ci NULL null"},
                {"TEXT CHARACTER SET binary", "blob - NULL null"},
                {"JSON", "longtext utf8mb4_bin NULL null"},
                {"ENUM('a','b''c') DEFAULT 'b''c'", "enum('a','b''c') utf8mb4_unicode_ci 'b''c' null"},
                {"DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)", "datetime(3) - current_timestamp(3) null"},
                {"DATETIME DEFAULT '2020-02-29'", "datetime - '2020-02-29 00:00:00' null"},
                {"DATE NOT NULL DEFAULT '0000-00-00'", "date - '0000-00-00' not null"},
                {"TIMESTAMP", "timestamp - NULL null"},
                {"YEAR", "year(4) - NULL null"},
                {"BIT(3) DEFAULT b'010'", "bit(3) - b'10' null"},
                {"VARCHAR(9) DEFAULT 'it''s \\\\'", "varchar(9) utf8mb4_unicode_ci 'it''s \\\\' null"},
                {"TEXT DEFAULT 'it''s'", "text utf8mb4_unicode_ci 'it\\'s' null"},
                {"CHAR(36) DEFAULT UUID()", "char(36) utf8mb4_unicode_ci uuid() null"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(schema_freep) struct schema *schema = new_schema();
                _cleanup_free_ char *sql = string_format("CREATE TABLE t (a %s)", cases[i].sql);
                unsigned number = 0;
                assert_int_equal(apply(schema, sql, &number), SCHEMA_CHANGED);
                const struct schema_column *column = schema_find_column(schema_find_table(schema, "t"), "A");
                _cleanup_free_ char *text =
                        string_format("%s %s %s %s", column->type, column->collation ?: "-",
                                column->default_value ?: "-", column->nullable ? "null" : "not null");
                assert_string_equal(text, cases[i].expected);
        }
}

static void test_mysql(void **unused)
{
        (void)unused;
        _cleanup_(schema_freep) struct schema *schema = new_schema();
        schema->server = (struct database_server){.major = 8, .minor = 0, .patch = 36};
        unsigned number = 0;
        assert_int_equal(
                apply(schema,
                        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, b TINYINT(1), c VARCHAR(9) "
                        "DEFAULT "
                        "'it''s', d DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, e JSON, "
                        "f VARCHAR(9) CHARACTER SET utf8mb4)",
                        &number),
                SCHEMA_CHANGED);
        _cleanup_free_ char *text = schema_table_text(schema->tables[0]);
        assert_string_equal(text, "t (InnoDB, utf8mb4_unicode_ci)\n"
                                  "  id int not null auto_increment\n"
                                  "  b tinyint(1) null\n"
                                  "  c varchar(9) collate utf8mb4_unicode_ci null default it's\n"
                                  "  d datetime null default CURRENT_TIMESTAMP DEFAULT_GENERATED on update "
                                  "CURRENT_TIMESTAMP\n"
                                  "  e json null\n"
                                  "  f varchar(9) collate utf8mb4_0900_ai_ci null\n"
                                  "  unique index PRIMARY (id) BTREE\n");
}

/* Effects */

static void test_effects(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql;
                enum schema_effect effect;
                unsigned number;
        } cases[] = {
                {"", SCHEMA_SAME, 0},
                {"UPDATE leads SET points = 1; SELECT 1", SCHEMA_SAME, 0},
                {"SET NAMES utf8", SCHEMA_SAME, 0},
                {"CREATE TABLE leads (id INT)", SCHEMA_REFUSED, 1050},
                {"CREATE TABLE v (id INT)", SCHEMA_REFUSED, 1050},
                {"CREATE TABLE IF NOT EXISTS leads (id INT)", SCHEMA_CHANGED, 0},
                {"ALTER TABLE nope ADD a INT", SCHEMA_REFUSED, 1146},
                {"ALTER TABLE v ADD a INT", SCHEMA_REFUSED, 1347},
                {"DROP TABLE nope", SCHEMA_REFUSED, 1051},
                {"DROP TABLE IF EXISTS nope", SCHEMA_CHANGED, 0},
                {"DROP TABLE leads", SCHEMA_REFUSED, 1451},
                {"SET FOREIGN_KEY_CHECKS = 0; DROP TABLE leads", SCHEMA_CHANGED, 0},
                {"SET FOREIGN_KEY_CHECKS=0; SET FOREIGN_KEY_CHECKS=1; DROP TABLE leads", SCHEMA_REFUSED,
                        1451},
                {"DROP TABLE v", SCHEMA_REFUSED, 1965},
                {"DROP VIEW leads", SCHEMA_REFUSED, 4092},
                {"TRUNCATE leads", SCHEMA_REFUSED, 1701},
                {"RENAME TABLE leads TO stats", SCHEMA_REFUSED, 1050},
                {"ALTER TABLE leads ADD email INT", SCHEMA_REFUSED, 1060},
                {"ALTER TABLE leads ADD COLUMN IF NOT EXISTS email INT", SCHEMA_CHANGED, 0},
                {"ALTER TABLE leads DROP nope", SCHEMA_REFUSED, 1091},
                {"ALTER TABLE leads DROP COLUMN IF EXISTS nope", SCHEMA_CHANGED, 0},
                {"ALTER TABLE leads DROP INDEX nope", SCHEMA_REFUSED, 1091},
                {"ALTER TABLE leads DROP FOREIGN KEY nope", SCHEMA_REFUSED, 1091},
                {"ALTER TABLE leads MODIFY nope INT", SCHEMA_REFUSED, 1054},
                {"ALTER TABLE leads ADD a INT AFTER nope", SCHEMA_REFUSED, 1054},
                {"ALTER TABLE leads ADD INDEX mail (email)", SCHEMA_REFUSED, 1061},
                {"ALTER TABLE leads ADD INDEX (nope)", SCHEMA_REFUSED, 1072},
                {"ALTER TABLE leads ADD PRIMARY KEY (points)", SCHEMA_REFUSED, 1068},
                {"ALTER TABLE leads ADD INDEX (points(5))", SCHEMA_REFUSED, 1089},
                {"ALTER TABLE leads DROP email", SCHEMA_REFUSED, 1072},
                {"ALTER TABLE leads DROP id", SCHEMA_REFUSED, 1829},
                {"ALTER TABLE leads MODIFY id BIGINT NOT NULL", SCHEMA_REFUSED, 1833},
                {"ALTER TABLE stats MODIFY lead_id BIGINT", SCHEMA_REFUSED, 1832},
                {"ALTER TABLE stats DROP INDEX FK_L", SCHEMA_REFUSED, 1553},
                {"ALTER TABLE stats DROP id, DROP lead_id", SCHEMA_REFUSED, 1090},
                {"ALTER TABLE leads MODIFY id INT", SCHEMA_CHANGED, 0},
                {"ALTER TABLE leads ADD a INT AUTO_INCREMENT", SCHEMA_REFUSED, 1075},
                {"ALTER TABLE stats ADD FOREIGN KEY (id) REFERENCES nope (id)", SCHEMA_REFUSED, 1005},
                {"ALTER TABLE stats ADD FOREIGN KEY (id) REFERENCES leads (points)", SCHEMA_REFUSED, 1005},
                {"CREATE INDEX `` ON leads (id)", SCHEMA_UNCERTAIN, 0},
                {"ALTER TABLE leads ADD INDEX `` (id)", SCHEMA_REFUSED, 1280},
                {"ALTER TABLE leads ENGINE=nope", SCHEMA_REFUSED, 1286},
                {"ALTER TABLE leads CHARSET=nope", SCHEMA_REFUSED, 1115},
                {"ALTER TABLE leads ADD a INT DEFAULT 'x'", SCHEMA_REFUSED, 1067},
                {"ALTER TABLE leads ADD a VARCHAR(70000)", SCHEMA_REFUSED, 1074},
                {"ALTER TABLE leads RENAME INDEX nope TO a", SCHEMA_REFUSED, 1176},
                {"CREATE TABLE t (a VARCHAR(800), b VARCHAR(800), KEY (a, b))", SCHEMA_REFUSED, 1071},
                {"CREATE TABLE t (a DECIMAL(5, 7))", SCHEMA_REFUSED, 1427},
                {"CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8 COLLATE latin1_bin)", SCHEMA_REFUSED, 1253},
                {"CREATE TABLE t (a INT AS (nope + 1))", SCHEMA_REFUSED, 1054},
                {"CREATE TABLE t LIKE nope", SCHEMA_REFUSED, 1146},
                {"CREATE TABLE t AS SELECT 1", SCHEMA_UNCERTAIN, 0},
                {"CREATE TEMPORARY TABLE t (a INT)", SCHEMA_UNCERTAIN, 0},
                {"CREATE TABLE other.t (a INT)", SCHEMA_UNCERTAIN, 0},
                {"CREATE TABLE t (a order INT)", SCHEMA_UNCERTAIN, 0},
                {"CREATE TABLE t (order INT)", SCHEMA_UNCERTAIN, 0},
                {"CREATE TABLE t (a INT", SCHEMA_UNCERTAIN, 0},
                {"ALTER TABLE leads ADD a INT CHECK (a BETWEEN 1 AND 2)", SCHEMA_UNCERTAIN, 0},
                {"CALL p()", SCHEMA_UNCERTAIN, 0},
                {"DROP TABLE stats; DROP TABLE nope; DROP TABLE leads", SCHEMA_REFUSED, 1051},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(schema_freep) struct schema *schema = new_site();
                unsigned number = 0;
                enum schema_effect effect = apply(schema, cases[i].sql, &number);
                if (effect != cases[i].effect || number != cases[i].number)
                        fail_msg("%s: effect %d, number %u", cases[i].sql, effect, number);
        }
}

/* A refused statement leaves everything as it was, but for those in front of it. */
static void test_refusal_changes_nothing(void **unused)
{
        (void)unused;
        _cleanup_(schema_freep) struct schema *schema = new_site();
        _cleanup_(schema_freep) struct schema *copy = schema_copy(schema);
        unsigned number = 0;
        assert_int_equal(
                apply(schema, "ALTER TABLE leads ADD a INT, DROP points, ADD INDEX mail (email)", &number),
                SCHEMA_REFUSED);
        assert_int_equal(apply(schema, "RENAME TABLE leads TO other, nope TO b", &number), SCHEMA_REFUSED);
        assert_int_equal(schema->count, copy->count);
        for (size_t i = 0; i < copy->count; i++)
                assert_true(schema_table_equal(schema->tables[i], copy->tables[i]));
}

/* Tables afterwards */

static void test_tables(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *table, *expected;
        } cases[] = {
                {"CREATE TABLE t (a INT, b TEXT, KEY (b), KEY (a), UNIQUE (a), FULLTEXT f (b)) COMMENT 'x'",
                        "t",
                        "t (InnoDB, utf8mb4_unicode_ci)\n  comment \"x\"\n  a int(11) null default NULL\n"
                        "  b text collate utf8mb4_unicode_ci null default NULL\n  unique index a_2 (a) "
                        "BTREE\n"
                        "  index b (b(768)) BTREE\n  index a (a) BTREE\n  index f (b) FULLTEXT\n"},
                {"CREATE TABLE t (a VARCHAR(1000) UNIQUE, j JSON, c DATE AS (DATE(a)) STORED COMMENT 'y')",
                        "t",
                        "t (InnoDB, utf8mb4_unicode_ci)\n"
                        "  a varchar(1000) collate utf8mb4_unicode_ci null default NULL\n"
                        "  j longtext collate utf8mb4_bin null default NULL\n"
                        "  c date null default NULL as (cast(`a` as date)) STORED GENERATED comment \"y\"\n"
                        "  unique index a (a) HASH\n  check j (json_valid(`j`)) of the column\n"},
                {"ALTER TABLE stats ADD a INT FIRST, CHANGE lead_id lead INT DEFAULT NULL AFTER a, ADD INDEX "
                 "l (lead)",
                        "stats",
                        "stats (InnoDB, utf8mb4_unicode_ci)\n  a int(11) null default NULL\n"
                        "  lead int(11) null default NULL\n  id int(11) not null\n"
                        "  unique index PRIMARY (id) BTREE\n  index l (lead) BTREE\n"
                        "  foreign key FK_L (lead) to leads (id) on update RESTRICT on delete CASCADE\n"},
                {"ALTER TABLE stats ADD FOREIGN KEY (lead_id) REFERENCES leads (id); RENAME TABLE stats TO "
                 "s, leads TO l",
                        "s",
                        "s (InnoDB, utf8mb4_unicode_ci)\n  id int(11) not null\n  lead_id int(11) null "
                        "default NULL\n"
                        "  unique index PRIMARY (id) BTREE\n  index lead_id (lead_id) BTREE\n"
                        "  foreign key FK_L (lead_id) to l (id) on update RESTRICT on delete CASCADE\n"
                        "  foreign key s_ibfk_1 (lead_id) to l (id) on update RESTRICT on delete RESTRICT\n"},
                {"ALTER TABLE leads DROP INDEX two, CONVERT TO CHARACTER SET latin1, ROW_FORMAT=DYNAMIC, "
                 "ALTER points SET DEFAULT 0, RENAME INDEX mail TO m, RENAME COLUMN email TO e",
                        "leads",
                        "leads (InnoDB, latin1_swedish_ci, row format DYNAMIC)\n  id int(11) not null "
                        "auto_increment\n"
                        "  e varchar(255) collate latin1_swedish_ci not null\n  points int(11) null default "
                        "0\n"
                        "  unique index PRIMARY (id) BTREE\n  index m (e) BTREE\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(schema_freep) struct schema *schema = new_site();
                unsigned number = 0;
                assert_int_equal(apply(schema, cases[i].sql, &number), SCHEMA_CHANGED);
                _cleanup_free_ char *text = schema_table_text(schema_find_table(schema, cases[i].table));
                assert_string_equal(text, cases[i].expected);
        }
}

static void test_uncertain(void **unused)
{
        (void)unused;
        _cleanup_(schema_freep) struct schema *schema = new_site();
        unsigned number = 0;
        assert_int_equal(
                apply(schema, "ALTER TABLE leads ADD PARTITION (PARTITION p1)", &number), SCHEMA_UNCERTAIN);
        assert_true(schema_find_table(schema, "leads")->uncertain);
        assert_false(schema_find_table(schema, "stats")->uncertain);
        assert_int_equal(apply(schema, "ALTER TABLE leads DROP nope", &number), SCHEMA_UNCERTAIN);
        assert_int_equal(number, 0);
        assert_int_equal(apply(schema, "CREATE TABLE t AS SELECT 1", &number), SCHEMA_UNCERTAIN);
        assert_true(schema_find_table(schema, "t")->uncertain);
        assert_int_equal(apply(schema, "CALL p()", &number), SCHEMA_UNCERTAIN);
        assert_true(schema_find_table(schema, "stats")->uncertain);
}

/* An index that the server made for a foreign key goes for a better one; one of an unknown past is a doubt.
 */
static void test_generated_index(void **unused)
{
        (void)unused;
        _cleanup_(schema_freep) struct schema *schema = new_site();
        unsigned number = 0;
        const struct schema_index *index = schema_find_index(schema_find_table(schema, "stats"), "FK_L");
        assert_true(index->made_by_foreign_key);
        _cleanup_(schema_freep) struct schema *unknown = schema_copy(schema);
        struct schema_table *table = unknown->tables[1];
        table->indexes[1].made_by_foreign_key = false;
        assert_int_equal(apply(schema, "CREATE INDEX l ON stats (lead_id, id)", &number), SCHEMA_CHANGED);
        assert_null(schema_find_index(schema_find_table(schema, "stats"), "FK_L"));
        assert_int_equal(apply(unknown, "CREATE INDEX l ON stats (lead_id, id)", &number), SCHEMA_UNCERTAIN);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_mysql),
                cmocka_unit_test(test_effects),
                cmocka_unit_test(test_refusal_changes_nothing),
                cmocka_unit_test(test_tables),
                cmocka_unit_test(test_uncertain),
                cmocka_unit_test(test_generated_index),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
