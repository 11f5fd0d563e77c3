/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/workers.h"

#include "lib/memory.h"
#include "lib/pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#define ITEMS 1000
#define TOGETHER 7

struct work {
        struct workers workers;
        _Atomic unsigned times[ITEMS]; /* that each item was done */
        _Atomic unsigned by[WORKERS_MOST];
        _Atomic unsigned faults; /* what a helper's thread has other than it should */
        size_t fails_from; /* these and all behind them; ITEMS: none */
        pthread_t caller;
        struct pulse *pulse;
        unsigned turns;
};

static bool is_as_it_should(struct work *work, unsigned worker)
{
        sigset_t blocked;
        if (worker >= work->workers.threads || (worker == 0) != pthread_equal(pthread_self(), work->caller))
                return false;
        (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
        return pulse_attached() == work->pulse && sigismember(&blocked, SIGTERM) == (worker > 0);
}

static int act(unsigned worker, size_t item, void *userdata, struct error *err)
{
        struct work *work = userdata;
        atomic_fetch_add(&work->times[item], 1);
        atomic_fetch_add(&work->by[worker], 1);
        if (!is_as_it_should(work, worker))
                atomic_fetch_add(&work->faults, 1);
        if (item % 100 == 0)
                (void)sched_yield();
        return item < work->fails_from ? 0 : error_set(err, REASON_INPUT_OUTPUT, "item %zu", item);
}

static size_t seven(size_t item, void *userdata)
{
        return item + TOGETHER < ITEMS ? item + TOGETHER : ITEMS;
}

static void count_turn(void *userdata)
{
        struct work *work = userdata;
        assert_true(pthread_equal(pthread_self(), work->caller));
        work->turns++;
}

static struct work *work_new(unsigned threads, size_t fails_from)
{
        struct work *work = memory_new(sizeof(*work));
        work->caller = pthread_self();
        work->pulse = pulse_attached();
        work->fails_from = fails_from;
        work->workers = (struct workers){
                .count = ITEMS, .threads = threads, .act = act, .on_turn = count_turn, .userdata = work};
        return work;
}

static void assert_done(struct work *work, size_t from, size_t end, unsigned times)
{
        for (size_t i = from; i < end; i++)
                if (atomic_load(&work->times[i]) != times)
                        fail_msg("item %zu was done %u times", i, atomic_load(&work->times[i]));
        assert_int_equal(atomic_load(&work->faults), 0);
}

static void test_each_item_is_done_once(void **state)
{
        struct pulse pulse = {0};
        pulse_attach(&pulse);
        for (unsigned threads = 1; threads <= WORKERS_MOST; threads++) {
                _cleanup_free_ struct work *work = work_new(threads, ITEMS);
                _cleanup_error_ struct error err = {0};
                work->workers.behind = threads % 2 ? seven : NULL;
                assert_int_equal(workers_run(&work->workers, &err), 0);
                assert_done(work, 0, ITEMS, 1);
                assert_true(work->turns >= atomic_load(&work->by[0]));
                if (threads == 1)
                        assert_int_equal(atomic_load(&work->by[0]), ITEMS);
        }
        pulse_attach(NULL);
}

static void test_no_items(void **state)
{
        _cleanup_free_ struct work *work = work_new(4, ITEMS);
        _cleanup_error_ struct error err = {0};
        work->workers.count = 0;
        assert_int_equal(workers_run(&work->workers, &err), 0);
        assert_done(work, 0, ITEMS, 0);
}

/* Whoever fails first: it ends as if one thread had done it. */
static void test_the_first_in_their_order_fails(void **state)
{
        for (unsigned round = 0; round < 40; round++) {
                _cleanup_free_ struct work *work = work_new(1 + round % WORKERS_MOST, round * 20);
                _cleanup_free_ char *words = string_format("item %u", round * 20);
                _cleanup_error_ struct error err = {0};
                work->workers.behind = round % 3 ? seven : NULL;
                assert_int_equal(workers_run(&work->workers, &err), -1);
                assert_int_equal(err.reason, REASON_INPUT_OUTPUT);
                assert_string_equal(error_message(&err), words);
                assert_done(work, 0, round * 20 + 1, 1);
                /* Each of the others has begun one more at most. */
                unsigned begun = 0;
                for (size_t i = round * 20 + 1; i < ITEMS; i++)
                        begun += atomic_load(&work->times[i]);
                assert_true(begun < WORKERS_MOST);
        }
}

/* The second item takes until it is told that the first has failed. */
static int wait_in_vain(unsigned worker, size_t item, void *userdata, struct error *err)
{
        struct work *work = userdata;
        while (item == 1 && !workers_is_in_vain(&work->workers, item))
                (void)sched_yield();
        return error_set(err, REASON_INPUT_OUTPUT, "item %zu", item);
}

static void test_what_is_in_vain_stops(void **state)
{
        _cleanup_free_ struct work *work = work_new(2, ITEMS);
        _cleanup_error_ struct error err = {0};
        work->workers.act = wait_in_vain;
        assert_int_equal(workers_run(&work->workers, &err), -1);
        assert_string_equal(error_message(&err), "item 0");
}

static void test_how_many_threads(void **state)
{
        assert_int_equal(workers_fitting(0, 16), 1);
        assert_int_equal(workers_fitting(31, 16), 1);
        assert_int_equal(workers_fitting(32, 16), 2);
        assert_in_range(workers_fitting(100000, 16), 2, WORKERS_MOST);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_item_is_done_once),
                cmocka_unit_test(test_no_items),
                cmocka_unit_test(test_the_first_in_their_order_fails),
                cmocka_unit_test(test_what_is_in_vain_stops),
                cmocka_unit_test(test_how_many_threads),
        };
        return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
