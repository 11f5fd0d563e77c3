/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migrations.h"

#include "lib/memory.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct test_server server;

struct fixture {
        char folder[64];
        int root_fd;
        struct database *database; /* an empty schema of its own */
};

static int setup(void **state)
{
        static struct fixture fixture;
        strcpy(fixture.folder, "/tmp/test-migrations-XXXXXX");
        assert_non_null(mkdtemp(fixture.folder));
        fixture.root_fd = open(fixture.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fixture.root_fd >= 0);
        struct database *root = test_server_connect(&server, NULL);
        test_sql(root, "DROP DATABASE IF EXISTS migrations_test");
        test_sql(root, "CREATE DATABASE migrations_test");
        database_close(root);
        fixture.database = test_server_connect(&server, "migrations_test");
        *state = &fixture;
        return 0;
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        database_close(fixture->database);
        closep(&fixture->root_fd);
        test_remove_tree(fixture->folder);
        return 0;
}

static void put(const struct fixture *fixture, const char *name, const char *source)
{
        _cleanup_free_ char *path = string_format("%s/migrations/%s", fixture->folder, name);
        for (char *slash = path + strlen(fixture->folder) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                (void)mkdir(path, 0755);
                *slash = '/';
        }
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(source, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void put_migration(const struct fixture *fixture, const char *version)
{
        _cleanup_free_ char *name = string_format("Version%s.php", version);
        _cleanup_free_ char *source = string_format("<?php\n\nnamespace Mautic\\Migrations;\n\nfinal class "
                                                    "Version%s extends AbstractMauticMigration\n"
                                                    "{\n    public function up(Schema $schema)\n    {\n      "
                                                    "  $this->addSql(\"SELECT 1\");\n    }\n}\n",
                version);
        put(fixture, name, source);
}

static void must_read(const struct fixture *fixture, const char *prefix, struct migrations *ret)
{
        _cleanup_error_ struct error err = {0};
        if (migrations_read(fixture->root_fd, "migrations", fixture->database, prefix, ret, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static void expect_counts(const struct migrations *migrations, size_t executed, size_t unavailable,
        size_t available, size_t new)
{
        assert_int_equal(migrations->executed, executed);
        assert_int_equal(migrations->executed_unavailable, unavailable);
        assert_int_equal(migrations->available, available);
        assert_int_equal(migrations->new, new);
}

static void expect_versions(const struct migrations *migrations, const char *previous, const char *current,
        const char *next, const char *latest)
{
        const char *const expected[] = {previous, current, next, latest};
        const char *const seen[] = {
                migrations->previous, migrations->current, migrations->next, migrations->latest};
        for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
                if (!string_equal(expected[i], seen[i]))
                        fail_msg("number %zu is %s, not %s", i, seen[i] ? seen[i] : "none",
                                expected[i] ? expected[i] : "none");
}

static void test_nothing_at_all(void **state)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(*state, "", &migrations);
        expect_counts(&migrations, 0, 0, 0, 0);
        expect_versions(&migrations, NULL, NULL, NULL, NULL);
        assert_string_equal(migrations.table, "migrations");
        assert_false(migrations.table_exists);
}

static void test_no_table_leaves_none(void **state)
{
        const struct fixture *fixture = *state;
        put_migration(fixture, "20150402000000");
        put_migration(fixture, "20160101000000");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "mtc_", &migrations);
        expect_counts(&migrations, 0, 0, 2, 2);
        expect_versions(&migrations, NULL, NULL, "20150402000000", "20160101000000");
        assert_false(migrations.table_exists);
        _cleanup_free_ char *tables = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(database_query_value(fixture->database, &tables, &err, "SHOW TABLES"), 1);
}

/* The shape of 3.0.0@a: most rows without a file, a gap before the current one. */
static void test_gap_and_unavailable(void **state)
{
        const struct fixture *fixture = *state;
        put_migration(fixture, "20181111095447");
        put_migration(fixture, "20190704154940");
        put_migration(fixture, "20190724110039");
        put_migration(fixture, "20191126093923");
        put_migration(fixture, "20200422144300");
        test_sql(fixture->database, "CREATE TABLE mtc_migrations (version varchar(255) PRIMARY KEY)");
        test_sql(fixture->database,
                "INSERT INTO mtc_migrations VALUES ('20150402000000'), ('20190724110039'), "
                "('20190704154940'), ('20210101000000')");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "mtc_", &migrations);
        assert_true(migrations.table_exists);
        assert_string_equal(migrations.table, "mtc_migrations");
        expect_counts(&migrations, 4, 2, 5, 3);
        expect_versions(&migrations, "20190704154940", "20190724110039", "20191126093923", "20200422144300");
        static const struct {
                const char *version, *file;
                bool available, executed;
        } expected[] = {
                {"20150402000000", NULL, false, true},
                {"20181111095447", "migrations/Version20181111095447.php", true, false},
                {"20190704154940", "migrations/Version20190704154940.php", true, true},
                {"20190724110039", "migrations/Version20190724110039.php", true, true},
                {"20191126093923", "migrations/Version20191126093923.php", true, false},
                {"20200422144300", "migrations/Version20200422144300.php", true, false},
                {"20210101000000", NULL, false, true},
        };
        assert_int_equal(migrations.count, ARRAY_SIZE(expected));
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
                assert_string_equal(migrations.items[i].version, expected[i].version);
                assert_true(string_equal(migrations.items[i].file, expected[i].file));
                assert_int_equal(migrations.items[i].available, expected[i].available);
                assert_int_equal(migrations.items[i].executed, expected[i].executed);
        }
}

static void test_ends_of_the_list(void **state)
{
        const struct fixture *fixture = *state;
        put_migration(fixture, "1");
        put_migration(fixture, "2");
        test_sql(fixture->database, "CREATE TABLE migrations (version varchar(255) PRIMARY KEY)");
        test_sql(fixture->database, "INSERT INTO migrations VALUES ('1')");
        _cleanup_migrations_ struct migrations first = {0};
        must_read(fixture, "", &first);
        expect_versions(&first, NULL, "1", "2", "2");
        test_sql(fixture->database, "INSERT INTO migrations VALUES ('2')");
        _cleanup_migrations_ struct migrations last = {0};
        must_read(fixture, "", &last);
        expect_versions(&last, "1", "2", NULL, "2");
        expect_counts(&last, 2, 0, 2, 0);
}

static void test_rows_without_any_file(void **state)
{
        const struct fixture *fixture = *state;
        test_sql(fixture->database, "CREATE TABLE migrations (version varchar(255) PRIMARY KEY)");
        test_sql(fixture->database, "INSERT INTO migrations VALUES ('1'), ('2')");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "", &migrations);
        expect_counts(&migrations, 2, 2, 0, 0);
        expect_versions(&migrations, NULL, "2", NULL, NULL);
}

/* As Mautic 5 writes them, some written by Mautic 4 before; names of 15 and 16 characters. */
static void test_class_names_as_versions(void **state)
{
        const struct fixture *fixture = *state;
        put_migration(fixture, "020230615115326");
        put_migration(fixture, "20200422144300");
        put_migration(fixture, "zz20230929183000");
        test_sql(fixture->database,
                "CREATE TABLE migrations (version varchar(191) PRIMARY KEY, executed_at datetime NULL, "
                "execution_time int NULL)");
        test_sql(fixture->database,
                "INSERT INTO migrations (version) VALUES ('Mautic\\\\Migrations\\\\Version020230615115326'), "
                "('Mautic\\\\Migrations\\\\Version20200422144300'), ('20200422144300'), "
                "('Mautic\\\\Migrations\\\\Version20100101000000'), ('20100101000000')");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "", &migrations);
        expect_counts(&migrations, 3, 1, 3, 1);
        expect_versions(
                &migrations, "020230615115326", "20200422144300", "zz20230929183000", "zz20230929183000");
}

static void test_other_files_are_ignored(void **state)
{
        const struct fixture *fixture = *state;
        put_migration(fixture, "1");
        put(fixture, ".gitkeep", "");
        put(fixture, "Migration.template", "<?php broken <version>");
        put(fixture, "Version.php", "broken");
        put(fixture, "Version1.php~", "broken");
        put(fixture, "MyVersion1.php", "broken");
        put(fixture, "sub/Version2.php", "<?php class Version2 extends X {}");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "", &migrations);
        expect_counts(&migrations, 0, 0, 2, 2);
        assert_string_equal(migrations.items[1].file, "migrations/sub/Version2.php");
}

static void test_descriptions(void **state)
{
        static const struct {
                const char *body;
                const char *description;
        } cases[] = {
                {"public function getDescription(): string { return 'Adds a table'; }", "Adds a table"},
                {"public function GETDESCRIPTION() { /* x */ return \"It's \" . 'one'; }", "It's one"},
                {"public function getDescription() { return ''; }", NULL},
                {"public function getDescription() { return self::TEXT; }", NULL},
                {"public function getDescription() { $x = 1; return 'x'; }", NULL},
                {"abstract public function getDescription();", NULL},
                {"public function up() { return 'x'; }", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *source = string_format(
                        "<?php\nnamespace A { class Version1 extends \\B\\C { %s } }", cases[i].body);
                put(*state, "Version1.php", source);
                _cleanup_migrations_ struct migrations migrations = {0};
                must_read(*state, "", &migrations);
                if (!string_equal(migrations.items[0].description, cases[i].description))
                        fail_msg("%s gives %s", cases[i].body, migrations.items[0].description);
        }
}

static void test_what_can_not_be_counted(void **state)
{
        static const struct {
                const char *name, *source, *message;
        } cases[] = {
                {"Version1.php", "<?php\nclass Version1 extends X {\n  function }\n",
                        "migrations/Version1.php: line"},
                {"Version1.php", "", "migrations/Version1.php: line 1"},
                {"Version1.php", "<?php class Version2 extends X {}",
                        "migrations/Version1.php: line 1: it holds no"},
                {"Version1.php", "<?php\n\nclass Version1 {}", "migrations/Version1.php: line 3: its class"},
                {"Version1.php", "<?php\n$x = new class extends Y {};",
                        "migrations/Version1.php: line 1: it holds no"},
                {"Version0.php", "<?php class Version0 extends X {}",
                        "migrations/Version0.php: line 1: the version 0"},
        };
        const struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                put(fixture, cases[i].name, cases[i].source);
                _cleanup_error_ struct error err = {0};
                struct migrations migrations = {0};
                if (migrations_read(
                            fixture->root_fd, "migrations", fixture->database, "", &migrations, &err) != -1)
                        fail_msg("counted: %s", cases[i].source);
                assert_int_equal(err.reason, REASON_MIGRATIONS_UNDETECTED);
                if (!string_begins(err.message, cases[i].message))
                        fail_msg("%s", err.message);
                assert_null(migrations.items);
        }
}

static void test_others_beside_a_broken_one(void **state)
{
        const struct fixture *fixture = *state;
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        put_migration(fixture, "1");
        put(fixture, "Version2.php", "<?php\nclass Version2 extends X {\n  function }\n");
        put_migration(fixture, "3");
        assert_int_equal(
                migrations_look(fixture->root_fd, "migrations", fixture->database, "", &migrations, &err), 0);
        expect_counts(&migrations, 0, 0, 3, 3);
        assert_int_equal(migrations.unreadable, 1);
        assert_non_null(strstr(migrations.items[1].problem, "migrations/Version2.php: line"));
        assert_true(!migrations.items[0].problem && !migrations.items[2].problem);
        assert_int_equal(migrations_judge(&migrations, &err), -1);
        assert_int_equal(err.reason, REASON_MIGRATIONS_UNDETECTED);
        assert_string_equal(error_message(&err), migrations.items[1].problem);
}

static void test_same_version_twice(void **state)
{
        put_migration(*state, "1");
        put(*state, "sub/Version1.php", "<?php class Version1 extends X {}");
        _cleanup_error_ struct error err = {0};
        struct migrations migrations = {0};
        assert_int_equal(migrations_read(((struct fixture *)*state)->root_fd, "migrations",
                                 ((struct fixture *)*state)->database, "", &migrations, &err),
                -1);
        assert_int_equal(err.reason, REASON_MIGRATIONS_UNDETECTED);
}

static void test_links_are_not_followed(void **state)
{
        const struct fixture *fixture = *state;
        put_migration(fixture, "1");
        assert_int_equal(symlinkat("/etc/passwd", fixture->root_fd, "migrations/Version2.php"), 0);
        _cleanup_error_ struct error err = {0};
        struct migrations migrations = {0};
        assert_int_equal(
                migrations_read(fixture->root_fd, "migrations", fixture->database, "", &migrations, &err),
                -1);
        assert_int_equal(err.reason, REASON_MIGRATIONS_UNDETECTED);
        assert_non_null(strstr(err.message, "Version2.php"));
}

static void test_database_error(void **state)
{
        const struct fixture *fixture = *state;
        test_sql(fixture->database, "CREATE TABLE migrations (other int)");
        _cleanup_error_ struct error err = {0};
        struct migrations migrations = {0};
        assert_int_equal(
                migrations_read(fixture->root_fd, "migrations", fixture->database, "", &migrations, &err),
                -1);
        assert_int_equal(err.reason, REASON_MIGRATIONS_UNDETECTED);
        assert_non_null(strstr(err.message, "the table migrations has no column version"));
}

static const struct migration *find(const struct migrations *migrations, const char *version)
{
        for (size_t i = 0; i < migrations->count; i++)
                if (string_equal(migrations->items[i].version, version))
                        return &migrations->items[i];
        return NULL;
}

/* Rows that an older release wrote have no time, and no namespace where newer ones have: their files are gone
 * for good, and that is as it should be. */
static void test_rows_of_older_releases(void **state)
{
        const struct fixture *fixture = *state;
        test_sql(fixture->database,
                "CREATE TABLE migrations (version varchar(191) PRIMARY KEY, executed_at datetime)");
        test_sql(fixture->database, "INSERT INTO migrations VALUES ('20150402000000', NULL), "
                                    "('20200302164801', '2020-11-22 20:08:00')");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "", &migrations);
        assert_true(migrations.has_times);
        const struct migration *older = find(&migrations, "20150402000000");
        const struct migration *newer = find(&migrations, "20200302164801");
        assert_null(older->executed_at);
        assert_string_equal(newer->executed_at, "2020-11-22 20:08:00");
        assert_true(migration_is_left_behind(&migrations, older, true));
        assert_false(migration_is_left_behind(&migrations, newer, true));
        assert_false(migration_is_left_behind(&migrations, older, false)); /* Mautic 2 has no older release */

        test_sql(fixture->database,
                "INSERT INTO migrations VALUES ('Mautic\\\\Migrations\\\\Version20230615115326', NOW())");
        _cleanup_migrations_ struct migrations later = {0};
        must_read(fixture, "", &later);
        assert_true(migration_is_left_behind(&later, find(&later, "20200302164801"), true));
        assert_false(migration_is_left_behind(&later, find(&later, "20230615115326"), true));
}

static void test_rows_of_a_dump(void **state)
{
        const struct fixture *fixture = *state;
        char *rows[] = {(char[]){"1"}, (char[]){"Mautic\\Migrations\\Version2"}, NULL};
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0}, none = {0};
        put_migration(fixture, "1");
        put_migration(fixture, "3");
        assert_int_equal(
                migrations_look_rows(fixture->root_fd, "migrations", rows, "", &migrations, &err), 0);
        expect_counts(&migrations, 2, 1, 2, 1);
        assert_true(migrations.table_exists);
        assert_int_equal(migrations_look_rows(fixture->root_fd, "migrations", NULL, "", &none, &err), 0);
        expect_counts(&none, 0, 0, 2, 2);
        assert_false(none.table_exists);
}

static void test_odd_prefix(void **state)
{
        const struct fixture *fixture = *state;
        test_sql(fixture->database, "CREATE TABLE `a``-% migrations` (version varchar(20) PRIMARY KEY)");
        test_sql(fixture->database, "INSERT INTO `a``-% migrations` VALUES ('7')");
        _cleanup_migrations_ struct migrations migrations = {0};
        must_read(fixture, "a`-% ", &migrations);
        expect_counts(&migrations, 1, 1, 0, 0);
}

int main(void)
{
        int status = test_server_start(&server);
        if (status != 0)
                return status;
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                TEST(test_nothing_at_all),
                TEST(test_no_table_leaves_none),
                TEST(test_gap_and_unavailable),
                TEST(test_ends_of_the_list),
                TEST(test_rows_without_any_file),
                TEST(test_class_names_as_versions),
                TEST(test_other_files_are_ignored),
                TEST(test_descriptions),
                TEST(test_what_can_not_be_counted),
                TEST(test_others_beside_a_broken_one),
                TEST(test_same_version_twice),
                TEST(test_links_are_not_followed),
                TEST(test_database_error),
                TEST(test_rows_of_older_releases),
                TEST(test_rows_of_a_dump),
                TEST(test_odd_prefix),
        };
#undef TEST
        int failed = cmocka_run_group_tests_name("migrations", tests, NULL, NULL);
        test_server_stop(&server);
        return failed;
}
