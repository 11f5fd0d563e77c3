/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The library as another program sees it: its header and what the shared object lets be seen, nothing else.
 */
#include "migrations-reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#define EXECUTED "20200101000000"
#define NEW "20200102000000"

static char folder[] = "/tmp/test-library-XXXXXX";
static char dump[64], migrations[64];

static void put(const char *path, const char *text)
{
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void migration_path(const char *version, char *ret, size_t size)
{
        assert_true((size_t)snprintf(ret, size, "%s/Version%s.php", migrations, version) < size);
}

static void put_migration(const char *version)
{
        char path[128], source[1024];
        migration_path(version, path, sizeof(path));
        (void)snprintf(source, sizeof(source),
                "<?php\nnamespace Mautic\\Migrations;\nuse Doctrine\\DBAL\\Schema\\Schema;\n"
                "class Version%s extends \\Mautic\\CoreBundle\\Doctrine\\AbstractMauticMigration\n{\n"
                "    public function up(Schema $schema): void\n    {\n"
                "        $this->addSql(\"ALTER TABLE {$this->prefix}leads ADD added_%s INT\");\n    }\n}\n",
                version, version);
        put(path, source);
}

static int set_up(void **state)
{
        (void)state;
        if (!mkdtemp(folder))
                return -1;
        (void)snprintf(dump, sizeof(dump), "%s/dump.sql", folder);
        (void)snprintf(migrations, sizeof(migrations), "%s/migrations", folder);
        assert_int_equal(mkdir(migrations, 0700), 0);
        put(dump, "CREATE TABLE `mtc_leads` (`id` int NOT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;\n"
                  "CREATE TABLE `mtc_migrations` (`version` varchar(255) NOT NULL, PRIMARY KEY (`version`)) "
                  "ENGINE=InnoDB;\n"
                  "INSERT INTO `mtc_migrations` VALUES ('" EXECUTED "');\n");
        put_migration(EXECUTED);
        put_migration(NEW);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        const char *const versions[] = {EXECUTED, NEW};
        for (size_t i = 0; i < 2; i++) {
                char path[128];
                migration_path(versions[i], path, sizeof(path));
                (void)unlink(path);
        }
        (void)rmdir(migrations);
        (void)unlink(dump);
        return rmdir(folder);
}

static struct migrations_reader *open_dump(void)
{
        struct migrations_reader *reader = migrations_reader_new();
        assert_int_equal(migrations_reader_set(reader, "dir", migrations), 0);
        assert_int_equal(migrations_reader_set(reader, "schema-dump", dump), 0);
        assert_int_equal(migrations_reader_set(reader, "prefix", "mtc_"), 0);
        assert_int_equal(migrations_reader_set(reader, "doctrine", "2.10"), 0);
        if (migrations_reader_open(reader) < 0)
                fail_msg("%s", migrations_reader_error(reader));
        return reader;
}

/* Takes text. */
static json_t *parsed(char *text)
{
        assert_non_null(text);
        json_t *json = json_loads(text, 0, NULL);
        free(text);
        assert_non_null(json);
        return json;
}

static const char *member(json_t *list, size_t index, const char *name)
{
        return json_string_value(json_object_get(json_array_get(list, index), name));
}

static void test_counts(void **state)
{
        (void)state;
        struct migrations_reader *reader = open_dump();
        json_t *status = parsed(migrations_reader_status(reader));
        assert_int_equal(json_integer_value(json_object_get(status, "executed")), 1);
        assert_int_equal(json_integer_value(json_object_get(status, "available")), 2);
        assert_int_equal(json_integer_value(json_object_get(status, "new")), 1);
        assert_string_equal(json_string_value(json_object_get(status, "next")), NEW);
        json_decref(status);
        json_t *list = parsed(migrations_reader_list(reader));
        assert_int_equal(json_array_size(list), 2);
        assert_string_equal(member(list, 0, "state"), "executed");
        assert_string_equal(member(list, 1, "state"), "new");
        json_decref(list);
        migrations_reader_free(reader);
}

static void assert_plans(struct migrations_reader *reader, const char *const *versions, int independent,
        const char *first, size_t count)
{
        json_t *plans = parsed(migrations_reader_plan(reader, versions, independent));
        assert_int_equal(json_array_size(plans), count);
        assert_string_equal(member(plans, 0, "version"), first);
        assert_string_equal(member(plans, 0, "verdict"), "sql");
        char sql[64];
        (void)snprintf(sql, sizeof(sql), "ALTER TABLE mtc_leads ADD added_%s INT", first);
        json_t *statements = json_object_get(json_array_get(plans, 0), "statements");
        assert_string_equal(member(statements, 0, "sql"), sql);
        json_decref(plans);
}

static void test_plans(void **state)
{
        (void)state;
        struct migrations_reader *reader = open_dump();
        const char *const named[] = {"Version" EXECUTED, NULL}, *const none[] = {NULL};
        assert_plans(reader, NULL, 0, NEW, 1);
        assert_plans(reader, none, 0, NEW, 1);
        assert_plans(reader, NULL, 1, EXECUTED, 2);
        assert_plans(reader, named, 0, EXECUTED, 1);
        migrations_reader_free(reader);
}

static void assert_refused(struct migrations_reader *reader, int result, const char *words)
{
        assert_int_equal(result, -1);
        assert_string_equal(migrations_reader_error(reader), words);
        assert_string_equal(migrations_reader_reason(reader), "invalid_argument");
}

static void test_refuses(void **state)
{
        (void)state;
        struct migrations_reader *reader = migrations_reader_new();
        assert_refused(reader, migrations_reader_set(reader, "all", ""), "there is no option all");
        assert_refused(reader, migrations_reader_open(reader), "either --root or --dir is wanted");
        assert_null(migrations_reader_status(reader));
        assert_string_equal(migrations_reader_error(reader), "the reader is not open");
        migrations_reader_free(reader);
        migrations_reader_free(NULL);

        reader = open_dump();
        assert_refused(reader, migrations_reader_set(reader, "root", "/"), "the reader is open already");
        assert_refused(reader, migrations_reader_open(reader), "the reader is open already");
        const char *const unknown[] = {"1", NULL};
        assert_null(migrations_reader_plan(reader, unknown, 0));
        assert_string_equal(migrations_reader_error(reader), "there is no migration 1");
        migrations_reader_free(reader);
}

static void test_tells_what_failed(void **state)
{
        (void)state;
        struct migrations_reader *reader = migrations_reader_new();
        assert_int_equal(migrations_reader_set(reader, "dir", migrations), 0);
        assert_int_equal(migrations_reader_set(reader, "schema-dump", dump), 0);
        assert_int_equal(migrations_reader_set(reader, "schema-dump", NULL), 0);
        assert_int_equal(
                migrations_reader_set(reader, "dsn", "mysql://u:secret@localhost/x?unix_socket=/nowhere"), 0);
        assert_int_equal(migrations_reader_open(reader), -1);
        assert_string_equal(migrations_reader_reason(reader), "database_unreachable");
        assert_null(strstr(migrations_reader_error(reader), "secret"));
        assert_non_null(migrations_reader_advice(reader));
        /* What could not be opened may be tried again. */
        assert_int_equal(migrations_reader_set(reader, "dsn", NULL), 0);
        assert_int_equal(migrations_reader_set(reader, "schema-dump", dump), 0);
        assert_int_equal(migrations_reader_open(reader), 0);
        migrations_reader_free(reader);
        assert_string_equal(migrations_reader_version(), PROJECT_VERSION);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_counts),
                cmocka_unit_test(test_plans),
                cmocka_unit_test(test_refuses),
                cmocka_unit_test(test_tells_what_failed),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
