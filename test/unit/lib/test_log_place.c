/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/log_place.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_places(void **state)
{
        static const struct {
                const char *fact, *path;
                bool in_state;
        } cases[] = {
                {NULL, NAME_LOG, false},
                {"var/upgrade_log_1234.txt", "var/upgrade_log_1234.txt", false},
                {UPGRADE_LOG_IN_STATE "upgrade_log-1.txt", "upgrade_log-1.txt", true},
                {"", NULL, false},
                {UPGRADE_LOG_IN_STATE, NULL, true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                bool in_state = !cases[i].in_state;
                const char *path = log_place_of(cases[i].fact, &in_state);
                if (cases[i].path)
                        assert_string_equal(path, cases[i].path);
                else
                        assert_null(path);
                assert_int_equal(in_state, cases[i].in_state);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_places),
        };
        return cmocka_run_group_tests_name("log_place", tests, NULL, NULL);
}
