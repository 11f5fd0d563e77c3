/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/cancel.h"
#include "lib/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>

static int setup(void **state)
{
        static struct cancel cancel;
        _cleanup_error_ struct error err = {0};
        *state = &cancel;
        return cancel_init(&cancel, &err);
}

static int teardown(void **state)
{
        cancel_deinit(*state);
        return 0;
}

static bool is_readable(const struct cancel *cancel)
{
        struct pollfd request = {.fd = cancel_fd(cancel), .events = POLLIN};
        return poll(&request, 1, 0) == 1;
}

static void test_not_asked_for(void **state)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(cancel_check(*state, &err), 0);
        assert_null(err.message);
        assert_false(is_readable(*state));
        assert_int_equal(cancel_sleep(*state, 1, &err), 0);
}

static void test_the_first_request_holds(void **state)
{
        static const struct {
                enum cancel_kind first, second;
                enum reason reason;
        } cases[] = {
                {CANCEL_BY_USER, CANCEL_BY_STOP, REASON_CANCELLED},
                {CANCEL_BY_STOP, CANCEL_BY_USER, REASON_STOPPING},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                cancel_reset(*state);
                cancel_request(*state, cases[i].first);
                cancel_request(*state, cases[i].second);
                assert_int_equal(cancel_check(*state, &err), -1);
                assert_int_equal(err.reason, cases[i].reason);
                assert_true(is_readable(*state));
        }
}

static void test_reset(void **state)
{
        _cleanup_error_ struct error err = {0};
        cancel_request(*state, CANCEL_BY_USER);
        cancel_reset(*state);
        assert_int_equal(cancel_check(*state, &err), 0);
        assert_false(is_readable(*state));
        cancel_reset(*state); /* with nothing to read from the descriptor */
        cancel_request(*state, CANCEL_BY_STOP);
        assert_int_equal(cancel_check(*state, &err), -1);
        assert_int_equal(err.reason, REASON_STOPPING);
}

static void test_null_is_never_cancelled(void **state)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(cancel_check(NULL, &err), 0);
        assert_int_equal(cancel_fd(NULL), -1);
        assert_int_equal(cancel_sleep(NULL, 1, &err), 0);
}

static void *request_from_elsewhere(void *cancel)
{
        cancel_request(cancel, CANCEL_BY_USER);
        return NULL;
}

static void test_a_sleeper_wakes(void **state)
{
        _cleanup_error_ struct error err = {0};
        pthread_t thread;
        uint64_t start = clock_steady_ms();
        assert_int_equal(pthread_create(&thread, NULL, request_from_elsewhere, *state), 0);
        assert_int_equal(cancel_sleep(*state, 600000, &err), -1);
        assert_int_equal(err.reason, REASON_CANCELLED);
        assert_true(clock_steady_ms() - start < 300000);
        assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_sleeps_its_time(void **state)
{
        _cleanup_error_ struct error err = {0};
        uint64_t start = clock_steady_ms();
        assert_int_equal(cancel_sleep(*state, 30, &err), 0);
        assert_true(clock_steady_ms() - start >= 29); /* both ends are cut to milliseconds */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_not_asked_for, setup, teardown),
                cmocka_unit_test_setup_teardown(test_the_first_request_holds, setup, teardown),
                cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
                cmocka_unit_test_setup_teardown(test_null_is_never_cancelled, setup, teardown),
                cmocka_unit_test_setup_teardown(test_a_sleeper_wakes, setup, teardown),
                cmocka_unit_test_setup_teardown(test_sleeps_its_time, setup, teardown),
        };
        return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
