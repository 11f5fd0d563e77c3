/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/restore_database.h"

#include "states/backup.h"
#include "states/backup_verify.h"
#include "states/gate.h"
#include "states/machine.h"
#include "test/unit/states/site_fixture.h"

#include <time.h>

#define DATABASE "way `back` ü"

static struct test_server server;

/* Every type with its edges, and every kind of thing a schema can hold. */
static const char *const schema[] = {
        "CREATE TABLE mtc_numbers (id INT AUTO_INCREMENT PRIMARY KEY, a TINYINT, b SMALLINT UNSIGNED,"
        " c MEDIUMINT, d BIGINT, e BIGINT UNSIGNED, f DECIMAL(65,30), g DOUBLE, h BIT(64), i YEAR, j BOOLEAN)"
        " AUTO_INCREMENT = 500",
        "INSERT INTO mtc_numbers VALUES (1, -128, 0, -8388608, -9223372036854775808, 18446744073709551615,"
        " -99999999999999999999999999999999999.999999999999999999999999999999, 1.7976931348623157e308,"
        " b'1111111111111111111111111111111111111111111111111111111111111111', 1901, 1),"
        " (2, 127, 65535, 8388607, 9223372036854775807, 0, 0.000000000000000000000000000001,"
        " 2.2250738585072014e-308, 0, 0, 0), (3, NULL, NULL, NULL, NULL, NULL, NULL, 0.1, NULL, 2155, NULL),"
        " (4, 0, 0, 0, 0, 0, 0, -0.0, b'1', 1970, 1), (0, 1, 1, 1, 1, 1, 1, 1e17, 1, 2000, 1)",
        "UPDATE mtc_numbers SET id = 0 WHERE b = 1",
        "CREATE TABLE mtc_times (a DATE, b TIME(6), c DATETIME(6), d TIMESTAMP(6) NULL, e TIMESTAMP NOT NULL"
        " DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)",
        "SET time_zone = '+00:00'",
        "INSERT INTO mtc_times VALUES ('0000-00-00', '-838:59:59', '0000-00-00 00:00:00', NULL,"
        " '2020-01-01 00:00:00'), ('9999-12-31', '838:59:59.999999', '9999-12-31 23:59:59.999999',"
        " '2038-01-19 03:14:07.999999', '1970-01-01 00:00:01'), ('2020-02-30', '00:00:00', '2020-00-00',"
        " '2021-03-28 02:30:00', '2021-10-31 02:30:00')",
        "CREATE TABLE mtc_texts (id INT PRIMARY KEY, a CHAR(10), b VARCHAR(191) CHARACTER SET latin1,"
        " c TINYTEXT, d TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, e MEDIUMTEXT, f LONGTEXT, g "
        "BINARY(4),"
        " h VARBINARY(300), i TINYBLOB, j BLOB, k LONGBLOB, l ENUM('a','b''c','d,e',''), m SET('x','y','z'),"
        " n JSON) COMMENT 'it''s; -- a ) ENGINE=comment AUTO_INCREMENT=5 `'",
        "INSERT INTO mtc_texts VALUES (1, '  x  ', 'caf\xc3\xa9', '', '\xf0\x9f\x98\x80', "
        "'a\\\\b\\'c\"d\\n;\\n-- "
        "Dump completed', 'DELIMITER ;;', 'ab', X'00FF5C27220A1A', '', X'', X'00', 'b''c', 'x,z', '{\"a\": "
        "[1, \"()\"]}'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL), (3, '),(', '),(', '/* x', '*/', '''', '\"', '(', '\\\\', '(', ')', '(', '', '', '[]')",
        "CREATE TABLE mtc_generated (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED,"
        " c VARCHAR(20) GENERATED ALWAYS AS (concat('x', a)) VIRTUAL, KEY (c), CHECK (a > 0))",
        "INSERT INTO mtc_generated (a) VALUES (1), (2), (41)",
        "CREATE TABLE mtc_empty (id INT AUTO_INCREMENT PRIMARY KEY)",
        "CREATE TABLE `mtc_odd ``name; --'\"` (`odd ``column` INT, `SELECT` INT, KEY `ind``ex` (`SELECT`))",
        "INSERT INTO `mtc_odd ``name; --'\"` VALUES (1, 2), (3, 4)",
        "SET foreign_key_checks = 0",
        "CREATE TABLE mtc_a (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES mtc_b (id) ON DELETE SET "
        "NULL)",
        "CREATE TABLE mtc_b (id INT PRIMARY KEY, a INT, CONSTRAINT back FOREIGN KEY (a) REFERENCES mtc_a (id)"
        " ON DELETE CASCADE)",
        "INSERT INTO mtc_a VALUES (1, 2), (2, 1)",
        "INSERT INTO mtc_b VALUES (1, 1), (2, 2)",
        "SET foreign_key_checks = 1",
        "CREATE TABLE mtc_parts (id INT, d INT) PARTITION BY RANGE (d) (PARTITION p0 VALUES LESS THAN (10),"
        " PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO mtc_parts VALUES (1, 1), (2, 11), (3, 12)",
        "CREATE TABLE mtc_old (id INT PRIMARY KEY, t TEXT, FULLTEXT (t)) ENGINE=MyISAM DEFAULT "
        "CHARSET=latin1",
        "INSERT INTO mtc_old VALUES (1, 'one'), (2, 'two')",
        "CREATE TABLE mtc_memory (id INT PRIMARY KEY) ENGINE=MEMORY",
        "INSERT INTO mtc_memory VALUES (7)",
        "CREATE TABLE mtc_points (p POINT NOT NULL, SPATIAL KEY (p)) ENGINE=MyISAM",
        "INSERT INTO mtc_points VALUES (POINT(1, 2)), (POINT(-0.5, 1e10))",
        "CREATE SEQUENCE mtc_sequence START WITH 7",
        "CREATE TABLE mtc_log (what VARCHAR(40))",
        "CREATE VIEW mtc_view_of_view AS SELECT 1 AS a",
        "CREATE VIEW mtc_view AS SELECT a, b FROM mtc_generated WHERE a > 1",
        "CREATE OR REPLACE VIEW mtc_view_of_view AS SELECT a FROM mtc_view",
        "CREATE TRIGGER mtc_first BEFORE INSERT ON mtc_generated FOR EACH ROW BEGIN"
        " /* a comment; with */ INSERT INTO mtc_log VALUES (';; it''s'); END",
        "CREATE TRIGGER mtc_second BEFORE INSERT ON mtc_generated FOR EACH ROW INSERT INTO mtc_log VALUES "
        "('2')",
        "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
        "CREATE TRIGGER mtc_third AFTER DELETE ON mtc_generated FOR EACH ROW INSERT INTO mtc_log VALUES "
        "('\\')",
        "CREATE FUNCTION mtc_backslash() RETURNS TEXT DETERMINISTIC RETURN concat('\\', ';;')",
        "SET sql_mode = 'NO_ENGINE_SUBSTITUTION'",
        "CREATE PROCEDURE mtc_answer(OUT n INT) COMMENT 'it''s' BEGIN SELECT ';;' INTO @x; SELECT 42 INTO n; "
        "END",
        "CREATE EVENT `mtc_at night` ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 03:00:00' DO"
        " DELETE FROM mtc_log",
};

/* What an upgrade, and what a day of visitors, do to it. */
static const char *const upgrade[] = {
        "DROP VIEW mtc_view",
        "DROP TRIGGER mtc_first",
        "DROP EVENT `mtc_at night`",
        "CREATE EVENT mtc_new_event ON SCHEDULE EVERY 1 YEAR DO DELETE FROM mtc_log",
        "DROP PROCEDURE mtc_answer",
        "CREATE PROCEDURE mtc_new() SELECT 1",
        "ALTER TABLE mtc_numbers ADD z INT, DROP a, AUTO_INCREMENT = 9000",
        "INSERT INTO mtc_numbers (z) VALUES (1), (2)",
        "DELETE FROM mtc_texts WHERE id = 2",
        "UPDATE mtc_texts SET a = b, b = '' WHERE id = 3",
        "SET foreign_key_checks = 0",
        "DROP TABLE mtc_a",
        "SET foreign_key_checks = 1",
        "RENAME TABLE mtc_parts TO mtc_pieces",
        "CREATE TABLE mtc_new (id INT PRIMARY KEY, b INT, FOREIGN KEY (b) REFERENCES mtc_b (id))",
        "INSERT INTO mtc_new VALUES (1, 1)",
        "CREATE VIEW mtc_new_view AS SELECT * FROM mtc_new",
        "TRUNCATE mtc_old",
        "DROP SEQUENCE mtc_sequence",
        "ALTER TABLE mtc_empty CONVERT TO CHARACTER SET latin1",
};

static struct database *connect(void)
{
        return test_server_connect(&server, DATABASE);
}

static void run_all(const char *const *statements, size_t count)
{
        _cleanup_(database_closep) struct database *database = connect();
        test_sql(database, "SET sql_mode = 'NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'");
        for (size_t i = 0; i < count; i++)
                test_sql(database, statements[i]);
}

static void make_empty(const char *charset)
{
        _cleanup_(database_closep) struct database *database = test_server_connect(&server, NULL);
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *create =
                string_format("CREATE OR REPLACE DATABASE %s CHARACTER SET %s", name, charset);
        test_sql(database, "SET foreign_key_checks = 0");
        test_sql(database, create);
}

static void make_database(void)
{
        make_empty("utf8mb4");
        run_all(schema, ARRAY_SIZE(schema));
}

static void alter_schema(const char *how)
{
        _cleanup_(database_closep) struct database *database = connect();
        _cleanup_free_ char *name = database_quote_name(DATABASE);
        _cleanup_free_ char *sql = string_format("ALTER DATABASE %s %s", name, how);
        test_sql(database, sql);
}

/* The whole schema as the vendor's own program writes it. */
static char *dump(const struct fixture *fixture)
{
        _cleanup_free_ char *path = fixture_path(fixture, "dump.sql");
        _cleanup_free_ char *socket = string_format("--socket=%s", server.socket);
        (void)unlink(path);
        const char *const arguments[] = {"mariadb-dump", "--no-defaults", "--user=root", socket, "--routines",
                "--events", "--hex-blob", "--skip-dump-date", "--order-by-primary", "--skip-extended-insert",
                DATABASE, NULL};
        assert_int_equal(test_wait(test_spawn(path, arguments)), 0);
        char *text = fixture_read(fixture, "dump.sql");
        _cleanup_(database_closep) struct database *database = connect();
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *collation = NULL;
        assert_int_equal(database_query_value(database, &collation, &err, "SELECT @@collation_database"), 0);
        char *both = string_format("%s\n%s", text, collation);
        free(text);
        return both;
}

static void expect_same(const struct fixture *fixture, const char *wanted)
{
        _cleanup_free_ char *found = dump(fixture);
        if (string_equal(found, wanted))
                return;
        size_t at = 0;
        while (wanted[at] == found[at])
                at++;
        at = at > 200 ? at - 200 : 0;
        fail_msg("the databases differ:\n--- wanted\n%.600s\n--- found\n%.600s", wanted + at, found + at);
}

static void record_stage(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        const struct stage_record record = {.name = (char *)"backup_database",
                .state = (char *)stage_state_name(STAGE_SUCCEEDED),
                .attempts = 1};
        assert_int_equal(checkpoint_save_stage(fixture->context.checkpoint, &record, &err), 0);
}

static void begin_with(struct fixture *fixture, const char *prefix, const char *verify)
{
        fixture_init(fixture, &stage_backup_database);
        fixture_make_site(fixture, &server, DATABASE, prefix);
        fixture_set(fixture, "backup.verify", verify);
        expect_stage(fixture, STAGE_DONE);
        record_stage(fixture);
        fixture->context.stage = &stage_migrate_mautic_3;
}

static void restore(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (restore_database(&fixture->context, &err) < 0)
                fail_msg("%s\n%s", error_message(&err), said.data ?: "");
}

static void test_everything(void **state)
{
        static const char *const verify[] = {"yes", "no"};
        for (size_t i = 0; i < ARRAY_SIZE(verify); i++) {
                _cleanup_site_fixture_ struct fixture fixture;
                make_database();
                begin_with(&fixture, "mtc_", verify[i]);
                assert_true(i > 0 || has_said("The backup is proven"));
                assert_false(has_said("not dropped"));
                _cleanup_free_ char *wanted = dump(&fixture);
                run_all(upgrade, ARRAY_SIZE(upgrade));
                alter_schema("CHARACTER SET latin1");
                restore(&fixture);
                expect_same(&fixture, wanted);
                /* Also when there is nothing to take back. */
                restore(&fixture);
                expect_same(&fixture, wanted);
        }
}

static const char *const tests_placeholder[] = {NULL};

int main(void)
{
        (void)tests_placeholder;
        if (!test_program_exists("mariadb-dump")) {
                fprintf(stderr, "skipped: mariadb-dump is not installed here\n");
                return TEST_SKIPPED;
        }
        int status = test_server_start(&server);
        if (status != 0) {
                test_server_stop(&server);
                return status;
        }
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_everything),
        };
        status = cmocka_run_group_tests_name("restore_database", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
