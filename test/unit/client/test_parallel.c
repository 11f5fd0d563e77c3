/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/parallel.h"

#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#define COUNT 40

struct work {
        atomic_int calls[COUNT];
        atomic_int at_once, most_at_once;
        atomic_bool goes_on; /* what attend answers */
        size_t wanted_at_once;
        pthread_barrier_t together;
        pthread_t caller;
};

static void work_once(size_t index, void *userdata)
{
        struct work *work = userdata;
        int now = atomic_fetch_add(&work->at_once, 1) + 1, most = atomic_load(&work->most_at_once);
        while (now > most && !atomic_compare_exchange_weak(&work->most_at_once, &most, now))
                ;
        atomic_fetch_add(&work->calls[index], 1);
        /* COUNT is a multiple of it: nobody is left waiting, and so many are at work at a time. */
        (void)pthread_barrier_wait(&work->together);
        atomic_fetch_sub(&work->at_once, 1);
}

static void test_each_is_done_once_and_so_many_at_a_time(void **state)
{
        static const size_t cases[] = {1, 2, 4, 8, COUNT};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct work work = {.wanted_at_once = cases[i]};
                pthread_barrier_init(&work.together, NULL, (unsigned)cases[i]);
                parallel_run(COUNT, cases[i] == COUNT ? 1000 : cases[i], work_once, NULL, &work);
                for (size_t j = 0; j < COUNT; j++)
                        assert_int_equal(atomic_load(&work.calls[j]), 1);
                assert_int_equal(atomic_load(&work.most_at_once), cases[i]);
                pthread_barrier_destroy(&work.together);
        }
        parallel_run(0, 4, work_once, NULL, NULL);
}

static void wait_for_end(size_t index, void *userdata)
{
        struct work *work = userdata;
        atomic_fetch_add(&work->calls[index], 1);
        while (atomic_load(&work->goes_on))
                (void)sched_yield();
}

static bool end_it(void *userdata)
{
        struct work *work = userdata;
        assert_true(pthread_equal(pthread_self(), work->caller));
        if (atomic_load(&work->calls[0]) == 0 || atomic_load(&work->calls[1]) == 0)
                return true;
        assert_true(atomic_exchange(&work->goes_on, false)); /* it is called no more after the false */
        return false;
}

/* Threads that see goes_on before parallel_run has heard of the end may take one more each. */
static void test_nothing_is_begun_after_the_end(void **state)
{
        struct work work = {.goes_on = true, .caller = pthread_self()};
        parallel_run(COUNT, 2, wait_for_end, end_it, &work);
        assert_int_equal(atomic_load(&work.calls[0]), 1);
        assert_int_equal(atomic_load(&work.calls[1]), 1);
        assert_int_equal(atomic_load(&work.calls[COUNT - 1]), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_is_done_once_and_so_many_at_a_time),
                cmocka_unit_test(test_nothing_is_begun_after_the_end),
        };
        return cmocka_run_group_tests_name("parallel", tests, NULL, NULL);
}
