/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"
#include "lib/mounts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_unescape(void **state)
{
        static const struct {
                const char *text, *expected;
        } cases[] = {
                {"/srv/site", "/srv/site"},
                {"/srv/my\\040site", "/srv/my site"},
                {"\\011\\012\\134", "\t\n\\"},
                {"/cut\\04", "/cut\\04"},
                {"/cut\\", "/cut\\"},
                {"/no\\x40octal", "/no\\x40octal"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = string_copy(cases[i].text);
                mounts_unescape(text);
                assert_string_equal(text, cases[i].expected);
        }
}

/* /proc is where the mounts are read from, so it is one. */
static void test_find(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list below_root = {0}, below_file = {0};
        assert_int_equal(mounts_find("/", &below_root, &err), 0);
        assert_true(string_list_has(&below_root, "proc"));
        assert_false(string_list_has(&below_root, ""));
        assert_int_equal(mounts_find("/proc/self/mountinfo", &below_file, &err), 0);
        assert_int_equal(below_file.count, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_unescape),
                cmocka_unit_test(test_find),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
