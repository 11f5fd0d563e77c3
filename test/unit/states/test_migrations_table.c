/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/migrations_table.h"

#include "states/schema_update.h"
#include "test/unit/states/site_fixture.h"

static struct test_server server;
static struct site_settings settings;

static struct database *begin(struct fixture *fixture)
{
        struct database *database = test_server_connect(&server, NULL);
        test_sql(database, "CREATE OR REPLACE DATABASE shop CHARACTER SET utf8mb4");
        test_sql(database, "USE shop");
        test_sql(database,
                "CREATE TABLE mtc_migrations (version VARCHAR(255) PRIMARY KEY, executed_at DATETIME NULL,"
                " `odd``name` VARCHAR(20) NULL) COLLATE utf8mb4_bin COMMENT 'it''s'");
        test_sql(database, "INSERT INTO mtc_migrations VALUES ('20150101000000', NULL, NULL),"
                           " ('20160101000000', '2026-11-22 10:00:00', 'a\\\\''\"ü'), "
                           "('Mautic\\\\\\\\Version1', NULL, '')");
        fixture_init(fixture, &schema_update_stage);
        settings = (struct site_settings){.prefix = (char *)"mtc_", .database = {.name = (char *)"shop"}};
        return database;
}

static char *value(struct database *database, const char *sql)
{
        _cleanup_error_ struct error err = {0};
        char *text = NULL;
        if (database_query_value(database, &text, &err, "%s", sql) < 0)
                fail_msg("%s", error_message(&err));
        return text;
}

static char *rows_of(struct database *database)
{
        return value(database,
                "SELECT GROUP_CONCAT(QUOTE(version), QUOTE(executed_at), QUOTE(`odd``name`) ORDER BY version"
                " SEPARATOR ' ') FROM mtc_migrations");
}

static char *definition_of(struct database *database)
{
        return value(database,
                "SELECT CONCAT(TABLE_COLLATION, TABLE_COMMENT, (SELECT GROUP_CONCAT(COLUMN_NAME, COLUMN_TYPE,"
                " COLUMN_KEY ORDER BY ORDINAL_POSITION) FROM information_schema.COLUMNS c WHERE "
                "c.TABLE_SCHEMA"
                " = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME)) FROM information_schema.TABLES t WHERE"
                " TABLE_SCHEMA = 'shop' AND TABLE_NAME = 'mtc_migrations'");
}

static size_t keep(struct fixture *fixture, struct database *database)
{
        _cleanup_error_ struct error err = {0};
        size_t rows = 99;
        if (migrations_table_keep(&fixture->context, database, &settings, &rows, &err) < 0)
                fail_msg("%s", error_message(&err));
        return rows;
}

static size_t put_back(struct fixture *fixture, struct database *database)
{
        _cleanup_error_ struct error err = {0};
        size_t rows = 99;
        if (migrations_table_put_back(&fixture->context, database, &settings, &rows, &err) < 0)
                fail_msg("%s", error_message(&err));
        return rows;
}

static bool is_kept(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        bool kept = false;
        assert_int_equal(migrations_table_is_kept(&fixture->context, &kept, &err), 0);
        return kept;
}

static void refuses(struct fixture *fixture, struct database *database, enum reason reason, const char *text)
{
        _cleanup_error_ struct error err = {0};
        size_t rows;
        assert_int_equal(migrations_table_put_back(&fixture->context, database, &settings, &rows, &err), -1);
        assert_int_equal(err.reason, reason);
        if (!strstr(error_message(&err), text))
                fail_msg("'%s' does not say '%s'", error_message(&err), text);
        assert_true(is_kept(fixture));
}

static void test_a_dropped_table_comes_back(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_(database_closep) struct database *database = begin(&fixture);
        _cleanup_free_ char *rows = rows_of(database), *definition = definition_of(database);
        assert_int_equal(keep(&fixture, database), 3);
        assert_true(is_kept(&fixture));
        test_sql(database, "DROP TABLE mtc_migrations");
        fixture_open_checkpoint(&fixture); /* the next start */
        assert_int_equal(put_back(&fixture, database), 3);
        _cleanup_free_ char *rows_now = rows_of(database), *definition_now = definition_of(database);
        assert_string_equal(rows_now, rows);
        assert_string_equal(definition_now, definition);
        assert_false(is_kept(&fixture));
        /* And no second time. */
        test_sql(database, "DELETE FROM mtc_migrations");
        assert_int_equal(put_back(&fixture, database), 0);
        _cleanup_free_ char *count = value(database, "SELECT COUNT(*) FROM mtc_migrations");
        assert_string_equal(count, "0");
}

/* A kill between the table and its rows, between two rows' commits, or a console that has recorded one
 * meanwhile. */
static void test_what_is_there_is_left(void **state)
{
        static const struct {
                const char *sql;
                size_t added;
        } cases[] = {
                {"SELECT 1", 0},
                {"DELETE FROM mtc_migrations", 3},
                {"DELETE FROM mtc_migrations WHERE version = '20160101000000'", 1},
                {"INSERT INTO mtc_migrations VALUES ('20190101000000', NULL, 'new')", 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_fixture_ struct fixture fixture;
                _cleanup_(database_closep) struct database *database = begin(&fixture);
                _cleanup_free_ char *rows = rows_of(database);
                assert_int_equal(keep(&fixture, database), 3);
                test_sql(database, cases[i].sql);
                assert_int_equal(put_back(&fixture, database), cases[i].added);
                _cleanup_free_ char *rows_now = rows_of(database);
                assert_ptr_equal(strstr(rows_now, i < 3 ? rows : "'20150101000000'"), rows_now);
        }
}

/* Mautic made it anew, in its own way, before the rows were back. */
static void test_a_table_of_other_columns(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_(database_closep) struct database *database = begin(&fixture);
        assert_int_equal(keep(&fixture, database), 3);
        test_sql(database, "CREATE OR REPLACE TABLE mtc_migrations (version VARCHAR(255) PRIMARY KEY)");
        assert_int_equal(put_back(&fixture, database), 3);
        _cleanup_free_ char *count = value(database, "SELECT COUNT(*) FROM mtc_migrations");
        assert_string_equal(count, "3");
}

/* All rows or none: the next try begins with what is really there. */
static void test_a_row_that_does_not_fit(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_(database_closep) struct database *database = begin(&fixture);
        assert_int_equal(keep(&fixture, database), 3);
        test_sql(database,
                "CREATE OR REPLACE TABLE mtc_migrations (version VARCHAR(14) PRIMARY KEY) ENGINE = InnoDB");
        test_sql(database, "SET SESSION sql_mode = 'STRICT_ALL_TABLES'");
        refuses(&fixture, database, REASON_DATABASE_QUERY_FAILED, "mtc_migrations");
        _cleanup_free_ char *count = value(database, "SELECT COUNT(*) FROM mtc_migrations");
        assert_string_equal(count, "0");
        test_sql(database, "ALTER TABLE mtc_migrations MODIFY version VARCHAR(99)");
        assert_int_equal(put_back(&fixture, database), 3);
}

static void test_without_a_table(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_(database_closep) struct database *database = begin(&fixture);
        test_sql(database, "DROP TABLE mtc_migrations");
        assert_int_equal(keep(&fixture, database), 0);
        assert_false(is_kept(&fixture));
        assert_false(fixture_has(&fixture, "state/" NAME_MIGRATIONS_TABLE));
        assert_int_equal(put_back(&fixture, database), 0);
}

static void test_copies_that_are_not_ours(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_(database_closep) struct database *database = begin(&fixture);
        assert_int_equal(keep(&fixture, database), 3);
        test_sql(database, "DROP TABLE mtc_migrations");
        _cleanup_free_ char *path = fixture_path(&fixture, "state/" NAME_MIGRATIONS_TABLE);
        _cleanup_free_ char *text = fixture_read(&fixture, "state/" NAME_MIGRATIONS_TABLE);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        settings.prefix = (char *)"other_";
        refuses(&fixture, database, REASON_EVIDENCE_CONTRADICTS, "local.php names other_migrations");
        settings.prefix = (char *)"mtc_";
        settings.database.name = (char *)"elsewhere";
        refuses(&fixture, database, REASON_EVIDENCE_CONTRADICTS, "in the database shop");
        settings.database.name = (char *)"shop";
        write_file(path, "{}", 0600);
        refuses(&fixture, database, REASON_EVIDENCE_CONTRADICTS, "is gone or was changed");
        assert_int_equal(unlink(path), 0);
        refuses(&fixture, database, REASON_EVIDENCE_CONTRADICTS, "is gone or was changed");
        write_file(path, text, 0600);
        assert_int_equal(put_back(&fixture, database), 3);
}

int main(void)
{
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_dropped_table_comes_back),
                cmocka_unit_test(test_what_is_there_is_left),
                cmocka_unit_test(test_a_table_of_other_columns),
                cmocka_unit_test(test_a_row_that_does_not_fit),
                cmocka_unit_test(test_without_a_table),
                cmocka_unit_test(test_copies_that_are_not_ours),
        };
        status = cmocka_run_group_tests_name("migrations_table", tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
