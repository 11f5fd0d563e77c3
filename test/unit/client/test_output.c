/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/output.h"

#include "lib/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void test_amounts(void **state)
{
        static const struct {
                uint64_t amount;
                const char *unit, *expected;
        } cases[] = {
                {0, "bytes", "0 B"},
                {999, "bytes", "999 B"},
                {1000, "bytes", "1.0 kB"},
                {999949, "bytes", "999.9 kB"},
                {999950, "bytes", "1.0 MB"},
                {64000000, "bytes", "64.0 MB"},
                {3000000000, "bytes", "3.0 GB"},
                {7000000000000000, "bytes", "7000.0 TB"},
                {23225, "files", "23225 files"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = format_amount(cases[i].amount, cases[i].unit);
                assert_string_equal(text, cases[i].expected);
        }
}

static void test_durations(void **state)
{
        static const struct {
                uint64_t milliseconds;
                const char *expected;
        } cases[] = {
                {0, "0.0 s"},
                {2550, "2.5 s"},
                {59999, "59 s"},
                {72500, "1 min 12 s"},
                {7260000, "2 h 1 min"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = clock_format_duration(cases[i].milliseconds);
                assert_string_equal(text, cases[i].expected);
        }
}

static void test_progress(void **state)
{
        static const struct {
                const char *json, *expected;
        } cases[] = {
                {"null", ""},
                {"{\"done\":0,\"total\":null,\"unit\":\"files\"}", ""},
                {"{\"done\":7,\"total\":null,\"unit\":\"files\"}", "7 files"},
                {"{\"done\":7,\"total\":9,\"unit\":\"files\",\"rate_per_second\":null,\"eta_seconds\":null}",
                        "77 %, 7 of 9 files"},
                {"{\"done\":9,\"total\":9,\"unit\":\"files\",\"rate_per_second\":3,\"eta_seconds\":0}",
                        "100 %, 9 of 9 files, 3 files/s, 0.0 s left"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                json_auto_t *progress = json_loads(cases[i].json, JSON_DECODE_ANY, NULL);
                _cleanup_free_ char *text = format_progress(progress);
                assert_string_equal(text, cases[i].expected);
        }
}

static void test_members(void **state)
{
        json_auto_t *object = json_loads(
                "{\"text\":\"a\\u001b[1mb\\nc\",\"number\":7,\"time\":\"2026-11-22T16:00:01.250Z\"}", 0,
                NULL);
        _cleanup_free_ char *text = member_text(object, "text");
        _cleanup_free_ char *lines = member_lines(object, "text");
        _cleanup_free_ char *none = member_text(object, "none");
        _cleanup_free_ char *number = member_text(object, "number");
        assert_string_equal(text, "a?[1mb c");
        assert_string_equal(lines, "a?[1mb\nc");
        assert_string_equal(none, "");
        assert_string_equal(number, "");
        assert_int_equal(member_integer(object, "number"), 7);
        assert_int_equal(member_integer(NULL, "number"), 0);
        assert_int_equal(member_time_ms(object, "time"), INT64_C(1795363201250));
        assert_int_equal(member_time_ms(object, "text"), 0);
}

static void test_failure(void **state)
{
        json_auto_t *status = json_pack("{s:s, s:{s:s, s:s, s:s, s:s, s:[s, s]}}", "stage", "backup_database",
                "error", "code", "ERR_DATABASE_BACKUP_FAILED", "reason", "disk_full", "message",
                "one\ntwo \x1b[0m", "next", "Free space", "acceptable", "plugins", "spool\x1b");
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);
        print_failure(file, status);
        (void)fclose(file);
        assert_string_equal(text, "ERR_DATABASE_BACKUP_FAILED in the stage backup_database\n"
                                  "  reason   disk_full\n"
                                  "  message  one\n"
                                  "           two ?[0m\n"
                                  "  to do    Free space\n"
                                  "  accept   mautic-upgradectl resume --accept plugins,spool?\n");
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_amounts),
                cmocka_unit_test(test_durations),
                cmocka_unit_test(test_progress),
                cmocka_unit_test(test_members),
                cmocka_unit_test(test_failure),
        };
        return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
