/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"
#include "lib/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_below(void **state)
{
        static const struct {
                const char *path, *folder, *expected;
        } cases[] = {
                {"/srv/mautic", "/srv/mautic", ""},
                {"/srv/mautic/app/config", "/srv/mautic", "app/config"},
                {"/srv/mautic-2", "/srv/mautic", NULL},
                {"/srv", "/srv/mautic", NULL},
                {"plugins/X", "plugins", "X"},
                {"/srv", "/", "srv"},
                {"/", "/", ""},
                {"srv", "/", NULL},
                {"/srv", "", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *below = path_below(cases[i].path, cases[i].folder);
                assert_true(string_equal(below, cases[i].expected));
        }
}

static void test_name_and_parent(void **state)
{
        static const struct {
                const char *path, *name, *parent;
        } cases[] = {
                {"index.php", "index.php", "."},
                {"app/console", "console", "app"},
                {"/usr/bin/php", "php", "/usr/bin"},
                {"/php", "php", "/"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *parent = path_parent(cases[i].path);
                assert_string_equal(path_name(cases[i].path), cases[i].name);
                assert_string_equal(parent, cases[i].parent);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_below),
                cmocka_unit_test(test_name_and_parent),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
