/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct {
        int64_t wall_ms;
        const char *utc;
        const char *iso;
} cases[] = {
        {0, "1970-01-01 00:00:00", "1970-01-01T00:00:00.000Z"},
        {1795364595123, "2026-11-22 16:23:15", "2026-11-22T16:23:15.123Z"},
        {1709209800009, "2024-02-29 12:30:00", "2024-02-29T12:30:00.009Z"},
        {-1, "1969-12-31 23:59:59", "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31 23:59:59", "1969-12-31T23:59:59.000Z"},
        {253402300799999, "9999-12-31 23:59:59", "9999-12-31T23:59:59.999Z"},
        {INT64_MAX, "9999-12-31 23:59:59", "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "1000-01-01 00:00:00", "1000-01-01T00:00:00.000Z"},
};

static void test_formats(void **state)
{
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                char utc[20], iso[25];
                clock_format_utc(cases[i].wall_ms, utc);
                clock_format_iso(cases[i].wall_ms, iso);
                assert_string_equal(utc, cases[i].utc);
                assert_string_equal(iso, cases[i].iso);
        }
}

static void test_time_zone_is_no_matter(void **state)
{
        char utc[20];
        setenv("TZ", "Pacific/Kiritimati", 1);
        tzset();
        clock_format_utc(0, utc);
        unsetenv("TZ");
        tzset();
        assert_string_equal(utc, "1970-01-01 00:00:00");
}

static void test_wall_is_the_systems_time(void **state)
{
        time_t before = time(NULL);
        int64_t now = clock_wall_ms();
        time_t after = time(NULL);
        /* time(2) may lag behind clock_gettime(2) by a tick. */
        assert_true(now / 1000 >= before && now / 1000 <= after + 1);
}

static void test_steady_never_goes_back(void **state)
{
        uint64_t last = clock_steady_ms();
        assert_true(last > 0);
        for (int i = 0; i < 10000; i++) {
                uint64_t now = clock_steady_ms();
                assert_true(now >= last);
                last = now;
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_formats),
                cmocka_unit_test(test_time_zone_is_no_matter),
                cmocka_unit_test(test_wall_is_the_systems_time),
                cmocka_unit_test(test_steady_never_goes_back),
        };
        return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
