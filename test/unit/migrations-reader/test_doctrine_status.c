/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine_status.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char *print(const struct doctrine_status *status)
{
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);
        doctrine_status_print(status, file);
        assert_int_equal(fclose(file), 0);
        return text;
}

/* A string that the structures may point to. */
#define TEXT(text) ((char[]){text})

#define MIGRATION(name, is_available, is_executed, ...)                                                      \
        {                                                                                                    \
                .version = TEXT(name), .available = is_available, .executed = is_executed, __VA_ARGS__       \
        }

static void test_doctrine_1_2(void **state)
{
        (void)state;
        struct migration items[] = {
                MIGRATION("20150402000000", true, true),
                MIGRATION("20190724110039", true, true),
        };
        struct migrations migrations = {.items = items,
                .count = 2,
                .executed = 2,
                .available = 2,
                .table = TEXT("mtc_migrations"),
                .previous = TEXT("20150402000000"),
                .current = TEXT("20190724110039"),
                .latest = TEXT("20190724110039")};
        _cleanup_free_ char *text = print(&(struct doctrine_status){.migrations = &migrations,
                .version = DOCTRINE_2_5,
                .driver = "pdo_mysql",
                .host = "127.0.0.1",
                .database = "mautic",
                .folder = "/var/www/mautic/app/migrations"});
        assert_string_equal(text,
                "\n == Configuration\n\n"
                "    >> Name:                                               Mautic Migrations\n"
                "    >> Database Driver:                                    pdo_mysql\n"
                "    >> Database Name:                                      mautic\n"
                "    >> Configuration Source:                               manually configured\n"
                "    >> Version Table Name:                                 mtc_migrations\n"
                "    >> Version Column Name:                                version\n"
                "    >> Migrations Namespace:                               Mautic\\Migrations\n"
                "    >> Migrations Directory:                               /var/www/mautic/app/migrations\n"
                "    >> Previous Version:                                   2015-04-02 00:00:00 "
                "(20150402000000)\n"
                "    >> Current Version:                                    2019-07-24 11:00:39 "
                "(20190724110039)\n"
                "    >> Next Version:                                       Already at latest version\n"
                "    >> Latest Version:                                     2019-07-24 11:00:39 "
                "(20190724110039)\n"
                "    >> Executed Migrations:                                2\n"
                "    >> Executed Unavailable Migrations:                    0\n"
                "    >> Available Migrations:                               2\n"
                "    >> New Migrations:                                     0\n");
}

static void test_versions_of_doctrine_2_2(void **state)
{
        (void)state;
        struct migration items[] = {
                MIGRATION("20150402000000", false, true),
                MIGRATION("20181111095447", true, true, .executed_at = TEXT("2020-11-22 20:08:00")),
                MIGRATION("20191219155630", true, false, .description = TEXT("Adds tables")),
                MIGRATION("zz1", true, false),
        };
        struct migrations migrations = {.items = items,
                .count = 4,
                .executed = 2,
                .executed_unavailable = 1,
                .available = 3,
                .new = 2,
                .table = TEXT("migrations"),
                .current = TEXT("20181111095447"),
                .next = TEXT("20191219155630"),
                .latest = TEXT("zz1")};
        _cleanup_free_ char *text = print(&(struct doctrine_status){.migrations = &migrations,
                .version = DOCTRINE_2_10,
                .driver = "pdo_mysql",
                .host = "db",
                .database = "mautic",
                .folder = "/m",
                .show_versions = true});
        assert_non_null(strstr(text, "    >> Database Host:                                      db\n"));
        /* The first one's former version is Doctrine's "0"; a name that is no time has none. */
        assert_non_null(strstr(text, "    >> Previous Version:                                   0\n"));
        assert_non_null(strstr(text, "    >> Latest Version:                                      (zz1)\n"));
        assert_non_null(strstr(text,
                "\n == Available Migration Versions\n\n"
                "    >> 2018-11-11 09:54:47 (20181111095447)                migrated (executed at 2020-11-22 "
                "20:08:00)\n"
                "    >> 2019-12-19 15:56:30 (20191219155630)                not migrated     Adds tables\n"
                "    >>  (zz1)                                              not migrated\n"
                "\n == Previously Executed Unavailable Migration Versions\n\n"
                "    >> 2015-04-02 00:00:00 (20150402000000)\n"));
}

static void test_nothing_at_all(void **state)
{
        (void)state;
        struct migrations migrations = {.table = TEXT("migrations")};
        _cleanup_free_ char *text = print(&(struct doctrine_status){
                .migrations = &migrations, .version = DOCTRINE_2_5, .show_versions = true});
        assert_non_null(
                strstr(text, "Previous Version:                                   Already at first version"));
        assert_non_null(strstr(text, "Current Version:                                    0\n"));
        assert_null(strstr(text, "== Available"));
        assert_null(strstr(text, "== Previously"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_doctrine_1_2),
                cmocka_unit_test(test_versions_of_doctrine_2_2),
                cmocka_unit_test(test_nothing_at_all),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
