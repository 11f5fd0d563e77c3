/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/pulse.h"

#include "lib/cancel.h"
#include "lib/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>

#define LATER_MS 100000

/* Whether it would live if nothing more came for a long time. */
static bool lives_later(struct pulse *pulse)
{
        return pulse_lives(pulse, clock_steady_ms() + LATER_MS, LATER_MS - 1000);
}

static bool lives_now(struct pulse *pulse)
{
        return pulse_lives(pulse, clock_steady_ms(), LATER_MS);
}

static int detach(void **state)
{
        pulse_attach(NULL);
        return 0;
}

static void test_a_beat_counts_for_a_while(void **state)
{
        struct pulse pulse = {0};
        assert_false(pulse_lives(&pulse, LATER_MS, 1000));
        pulse_attach(&pulse);
        assert_true(lives_now(&pulse));
        assert_false(lives_later(&pulse));
}

static void test_who_looks_whether_to_stop_lives(void **state)
{
        struct pulse pulse = {0};
        _cleanup_error_ struct error err = {0};
        pulse_attach(&pulse);
        atomic_store(&pulse.beat_ms, 0);
        assert_int_equal(cancel_check(NULL, &err), 0);
        assert_true(lives_now(&pulse));
}

static void wait_once_more(struct pulse *pulse)
{
        _pulse_waits_;
        assert_true(lives_later(pulse));
}

static void test_who_waits_lives(void **state)
{
        struct pulse pulse = {0};
        pulse_attach(&pulse);
        {
                _pulse_waits_;
                wait_once_more(&pulse);
                assert_true(lives_later(&pulse));
                atomic_store(&pulse.beat_ms, 0);
        }
        /* The end of a wait is a beat, too, and no more than one. */
        assert_true(lives_now(&pulse));
        assert_false(lives_later(&pulse));
}

static void *beat_and_wait(void *userdata)
{
        pulse_beat();
        _pulse_waits_;
        assert_false(lives_later(userdata));
        return NULL;
}

static void test_signs_of_another_thread_do_not_count(void **state)
{
        struct pulse pulse = {0};
        pthread_t thread;
        pulse_attach(&pulse);
        atomic_store(&pulse.beat_ms, 0);
        assert_int_equal(pthread_create(&thread, NULL, beat_and_wait, &pulse), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(atomic_load(&pulse.beat_ms), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_a_beat_counts_for_a_while, detach),
                cmocka_unit_test_teardown(test_who_looks_whether_to_stop_lives, detach),
                cmocka_unit_test_teardown(test_who_waits_lives, detach),
                cmocka_unit_test_teardown(test_signs_of_another_thread_do_not_count, detach),
        };
        return cmocka_run_group_tests_name("pulse", tests, NULL, NULL);
}
