/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/error.h"
#include "lib/error_codes.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void test_empty_error(void **state)
{
        struct error err = {0};
        assert_string_equal(error_message(&err), "no message");
        error_deinit(&err);
        error_deinit(&err);
}

static void test_set_replaces_what_was_there(void **state)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(error_set_errno(&err, ENOSPC, "writing %s", "a"), -1);
        assert_int_equal(err.number, ENOSPC);
        assert_int_equal(error_set(&err, REASON_LOCKED, "%s is held", "b"), -1);
        assert_int_equal(err.reason, REASON_LOCKED);
        assert_int_equal(err.number, 0);
        assert_string_equal(err.message, "b is held");
}

static void test_wrap_keeps_reason_and_number(void **state)
{
        _cleanup_error_ struct error err = {0};
        error_set_errno(&err, EACCES, "opening %s", "x%sy");
        assert_int_equal(error_wrap(&err, "stage %d", 3), -1);
        error_wrap(&err, "100%%");
        assert_int_equal(err.reason, REASON_PERMISSION_DENIED);
        assert_int_equal(err.number, EACCES);
        assert_string_equal(err.message, "100%: stage 3: opening x%sy: Permission denied");
}

static void test_wrap_of_an_empty_error(void **state)
{
        _cleanup_error_ struct error err = {0};
        error_wrap(&err, "doing");
        assert_string_equal(err.message, "doing: no message");
}

static void test_reason_from_errno(void **state)
{
        static const struct {
                int number;
                enum reason reason;
        } cases[] = {
                {ENOSPC, REASON_DISK_FULL},
                {EDQUOT, REASON_DISK_FULL},
                {EACCES, REASON_PERMISSION_DENIED},
                {EPERM, REASON_PERMISSION_DENIED},
                {EROFS, REASON_READ_ONLY},
                {EIO, REASON_INPUT_OUTPUT},
                {ENOENT, REASON_NOT_FOUND},
                {ENOTDIR, REASON_NOT_FOUND},
                {EEXIST, REASON_ALREADY_EXISTS},
                {ENOTEMPTY, REASON_ALREADY_EXISTS},
                {EXDEV, REASON_UNSAFE_PATH},
                {ELOOP, REASON_UNSAFE_PATH},
                {ETIMEDOUT, REASON_TIMED_OUT},
                {EMFILE, REASON_UNKNOWN},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                error_set_errno(&err, cases[i].number, "x");
                assert_int_equal(err.reason, cases[i].reason);
        }
}

static void test_move_leaves_nothing(void **state)
{
        _cleanup_error_ struct error from = {0}, to = {0};
        error_set(&to, REASON_UNKNOWN, "old");
        error_set(&from, REASON_LOCKED, "new");
        error_move(&to, &from);
        assert_string_equal(to.message, "new");
        assert_int_equal(to.reason, REASON_LOCKED);
        assert_null(from.message);
        assert_int_equal(from.reason, REASON_NONE);
}

/* The names are the API's: each once, in lower case, and with advice that is a sentence. */
static void test_reasons(void **state)
{
        static const char *const names[] = {
#define X(name, text, advice) text,
                REASONS(X)
#undef X
        };
        assert_null(reason_name(REASON_NONE));
        assert_null(reason_advice(REASON_NONE));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                enum reason reason = (enum reason)(i + 1);
                assert_string_equal(reason_name(reason), names[i]);
                assert_int_equal(
                        reason_from_name(names[i]), reason); /* fails for a name that is there twice */
                assert_int_equal(strspn(names[i], "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(names[i]));
                const char *advice = reason_advice(reason);
                assert_non_null(advice);
                assert_int_equal(advice[strlen(advice) - 1], '.');
        }
        assert_null(reason_name((enum reason)(ARRAY_SIZE(names) + 1)));
        assert_int_equal(reason_from_name("no_such_reason"), REASON_NONE);
        assert_int_equal(reason_from_name(NULL), REASON_NONE);
}

static void test_error_codes(void **state)
{
        size_t count = 0;
        for (enum error_code code; (code = error_code_at(count)) != ERR_NONE; count++) {
                const char *name = error_code_name(code);
                assert_int_equal(strncmp(name, "ERR_", 4), 0);
                assert_int_equal(error_code_from_name(name), code);
                assert_non_null(error_code_meaning(code));
                assert_non_null(error_code_advice(code));
                _cleanup_free_ char *link = error_code_link(code);
                _cleanup_free_ char *wanted = string_format("http://mau.tc/m3-upgrade-error#%s", name);
                assert_int_equal(strcasecmp(link, wanted), 0);
                assert_null(strpbrk(strchr(link, '#'), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        }
        assert_int_equal(count, 13); /* one for each stage, the way back's and clean's */
        assert_null(error_code_name(ERR_NONE));
        assert_null(error_code_meaning(ERR_NONE));
        assert_null(error_code_advice(ERR_NONE));
        assert_null(error_code_link(ERR_NONE));
        assert_int_equal(error_code_from_name("err_build_m3_cache"), ERR_BUILD_M3_CACHE);
        assert_int_equal(error_code_from_name("ERR_NONE"), ERR_NONE);
        assert_int_equal(error_code_from_name(""), ERR_NONE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_empty_error),
                cmocka_unit_test(test_set_replaces_what_was_there),
                cmocka_unit_test(test_wrap_keeps_reason_and_number),
                cmocka_unit_test(test_wrap_of_an_empty_error),
                cmocka_unit_test(test_reason_from_errno),
                cmocka_unit_test(test_move_leaves_nothing),
                cmocka_unit_test(test_reasons),
                cmocka_unit_test(test_error_codes),
        };
        return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
