/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A schema read from a server, from a dump, and from the CREATE TABLE statements that made it: all three must
 * be the same.
 */

#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct test_server server;

static const char *const statements[] = {
        ("CREATE TABLE numbers (a TINYINT(1) NOT NULL DEFAULT 0, b SMALLINT, c MEDIUMINT ZEROFILL DEFAULT 7, "
         "d INT UNSIGNED "
         "AUTO_INCREMENT, e BIGINT NOT NULL DEFAULT -9, f DECIMAL(19,4) DEFAULT 1.5, g FLOAT(7,3) DEFAULT 1, "
         "h DOUBLE "
         "DEFAULT 1.10, i BIT(5) DEFAULT b'00101', j NUMERIC UNSIGNED, k REAL, l BOOLEAN, PRIMARY KEY (d), "
         "KEY (e DESC, a)) "
         "AUTO_INCREMENT=40"),
        ("CREATE TABLE texts (a CHAR(36), b VARCHAR(191) NOT NULL DEFAULT 'it''s \\\\ \"q\"', c TINYTEXT, d "
         "TEXT DEFAULT 'x''y', "
         "e MEDIUMTEXT, f LONGTEXT COMMENT '(DC2Type:array)', g VARCHAR(20) CHARACTER SET latin1, h TEXT "
         "COLLATE utf8mb4_bin, "
         "i ENUM('a','b''c','') NOT NULL DEFAULT 'b''c', j SET('x','y') DEFAULT 'x,y', k JSON, l NATIONAL "
         "CHAR(3), m "
         "VARCHAR(1000), n VARCHAR(9) DEFAULT '', KEY (c), KEY (d(20)), KEY (m), UNIQUE (b), UNIQUE long_one "
         "(m), FULLTEXT "
         "ft (e, f), KEY two (a(5), n) COMMENT 'it''s') DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci "
         "ROW_FORMAT=DYNAMIC COMMENT 'a \"table\"; it''s'"),
        ("CREATE TABLE bytes (a BINARY(4), b VARBINARY(16) DEFAULT 'ab', c TINYBLOB, d BLOB, e MEDIUMBLOB, f "
         "LONGBLOB, g POINT "
         "NOT NULL, h GEOMETRY, i UUID, j INET6, SPATIAL KEY (g), KEY (d(9)))"),
        ("CREATE TABLE times (a DATE DEFAULT '2020-02-29', b DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE "
         "CURRENT_TIMESTAMP, c "
         "DATETIME(3) DEFAULT '2020-01-01', d TIMESTAMP NULL, e TIMESTAMP(6) DEFAULT NOW(6), f TIME DEFAULT "
         "'10:00:00', g "
         "YEAR DEFAULT 2020, h TIME(2), i DATE NOT NULL, j DATE GENERATED ALWAYS AS (DATE(b)) VIRTUAL "
         "COMMENT "
         "'(DC2Type:generated)', k VARCHAR(20) AS (CONCAT(YEAR(a), '-', LPAD(MONTH(a), 2, \"0\"))) STORED, "
         "KEY (j))"),
        ("CREATE TABLE `odd ``name` (`a b` INT NOT NULL, `select` INT, `x``y` VARCHAR(9), PRIMARY KEY (`a "
         "b`, "
         "`select`), "
         "KEY `k ``1` (`x``y`), CONSTRAINT `c``1` CHECK (`select` > 0 AND `a b` <> 3), CHECK (`a b` < 100)) "
         "CHARSET=utf8"),
        ("CREATE TABLE parent (id INT UNSIGNED NOT NULL, code VARCHAR(20), PRIMARY KEY (id), UNIQUE KEY "
         "(code)) "
         "CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"),
        ("CREATE TABLE child (id INT AUTO_INCREMENT PRIMARY KEY, parent_id INT UNSIGNED, code VARCHAR(20), "
         "self INT, CONSTRAINT "
         "FK_B FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE SET NULL, CONSTRAINT FK_A FOREIGN "
         "KEY "
         "(code) "
         "REFERENCES parent (code) ON UPDATE CASCADE ON DELETE NO ACTION, FOREIGN KEY (self) REFERENCES "
         "child "
         "(id)) "
         "CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci"),
        ("CREATE VIEW seen AS SELECT id FROM child"),
        ("CREATE TABLE versions (version VARCHAR(14) NOT NULL PRIMARY KEY, executed_at DATETIME)"),
        ("INSERT INTO versions VALUES ('20150402000000', NULL), ('it''s', NOW()), ('a;b)(', NULL)"),
        ("CREATE TRIGGER stamped BEFORE INSERT ON versions FOR EACH ROW BEGIN SET NEW.executed_at = NOW(); "
         "END"),
};

static struct schema *read_schema(struct database *database)
{
        _cleanup_error_ struct error err = {0};
        struct schema *schema = NULL;
        if (schema_read(database, &schema, &err) < 0)
                fail_msg("%s", error_message(&err));
        return schema;
}

static void assert_same(const struct schema *expected, const struct schema *actual)
{
        assert_int_equal(expected->count, actual->count);
        for (size_t i = 0; i < expected->count; i++) {
                const struct schema_table *table = schema_find_table(actual, expected->tables[i]->name);
                _cleanup_free_ char *left = schema_table_text(expected->tables[i]);
                _cleanup_free_ char *right = table ? schema_table_text(table) : string_copy("none");
                assert_string_equal(left, right);
                assert_true(schema_table_equal(expected->tables[i], table));
                assert_false(table->uncertain);
        }
        assert_string_equal(actual->views[0], "seen");
        assert_null(actual->views[1]);
}

static struct database *connect_to(const char *name)
{
        struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *create =
                string_format("CREATE DATABASE %s CHARACTER SET latin1 COLLATE latin1_swedish_ci", name);
        _cleanup_free_ char *use = string_format("USE %s", name);
        test_sql(database, create);
        test_sql(database, use);
        return database;
}

static void test_statements(void **unused)
{
        (void)unused;
        _cleanup_(database_closep) struct database *database = connect_to("made");
        _cleanup_(schema_freep) struct schema *ours = read_schema(database);
        assert_string_equal(ours->database, "made");
        assert_string_equal(ours->collation, "latin1_swedish_ci");
        assert_true(ours->server.mariadb);
        for (size_t i = 0; i < ARRAY_SIZE(statements); i++) {
                unsigned number = 0;
                _cleanup_free_ char *message = NULL;
                test_sql(database, statements[i]);
                enum schema_effect effect =
                        schema_apply(ours, statements[i], strlen(statements[i]), &number, &message);
                if (effect != SCHEMA_CHANGED && effect != SCHEMA_SAME)
                        fail_msg("%s: %s", statements[i], message);
        }
        _cleanup_(schema_freep) struct schema *theirs = read_schema(database);
        assert_same(theirs, ours);
        assert_true(schema_find_table(theirs, "numbers")->auto_increment == 40);
}

static char *dump_of(const char *name, size_t *ret_size)
{
        _cleanup_free_ char *path = string_format("%s/%s.sql", server.folder, name);
        _cleanup_free_ char *socket = string_format("--socket=%s", server.socket);
        const char *const arguments[] = {"mariadb-dump", "--no-defaults", "--user=root", socket,
                "--default-character-set=utf8mb4", name, NULL};
        assert_int_equal(test_wait(test_spawn(path, arguments)), 0);
        _cleanup_fclose_ FILE *file = fopen(path, "r");
        assert_non_null(file);
        struct buffer text = {0};
        char block[65536];
        size_t size;
        while ((size = fread(block, 1, sizeof block, file)) > 0)
                buffer_append(&text, block, size);
        *ret_size = text.size;
        return buffer_steal(&text);
}

static void test_dump(void **unused)
{
        (void)unused;
        if (!test_program_exists("mariadb-dump"))
                skip();
        _cleanup_(database_closep) struct database *database = connect_to("dumped");
        for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
                test_sql(database, statements[i]);
        _cleanup_(schema_freep) struct schema *theirs = read_schema(database);
        size_t size = 0;
        _cleanup_free_ char *text = dump_of("dumped", &size);
        _cleanup_error_ struct error err = {0};
        _cleanup_(schema_freep) struct schema *ours = NULL;
        _cleanup_strings_ char **values = NULL;
        if (schema_read_dump(text, size, "versions", &ours, &values, &err) < 0)
                fail_msg("%s", error_message(&err));
        assert_string_equal(ours->database, "dumped");
        assert_int_equal(ours->server.major, theirs->server.major);
        assert_same(theirs, ours);
        const char *const expected[] = {"20150402000000", "a;b)(", "it's"};
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
                assert_string_equal(values[i], expected[i]);
        assert_null(values[3]);
}

int main(void)
{
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_statements), cmocka_unit_test(test_dump)};
        status = cmocka_run_group_tests(tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
