/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/downtime.h"

#include "lib/clock.h"
#include "two_sites.h"

#include <poll.h>

#define HOUR_MS 3600000
#define COARSE_MS 20 /* by which the clock of the file system may be behind */

static int move_back(struct stage_context *context, struct error *err)
{
        return stage_move_files.undo(context, err);
}

static int raise_in_front(struct stage_context *context, struct error *err)
{
        return gate_raise_for_rollback(context, err);
}

static struct checkpoint *checkpoint_of(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        struct checkpoint *checkpoint = NULL;
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        return checkpoint;
}

static struct downtime of(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = checkpoint_of(fixture);
        struct downtime downtime;
        assert_int_equal(downtime_load(checkpoint, &downtime, &err), 0);
        return downtime;
}

static void record(const struct fixture *fixture, const char *text)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = checkpoint_of(fixture);
        assert_int_equal(checkpoint_set_fact(checkpoint, FACT_DOWNTIME, text, &err), 0);
}

static void call(const struct fixture *fixture, int (*function)(struct stage_context *, struct error *))
{
        _cleanup_error_ struct error err = {0};
        if (call_stage(fixture, &stage_move_files, function, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static void test_from_the_first_rename_to_the_last(void **state)
{
        struct fixture *fixture = two_sites();
        assert_int_equal(downtime_ms(&(struct downtime){0}, clock_wall_ms()), -1);
        int64_t before_ms = clock_wall_ms() - COARSE_MS;
        assert_stage(fixture, &stage_move_files);
        struct downtime downtime = of(fixture);
        assert_true(downtime_goes_on(&downtime));
        assert_in_range(downtime.since_ms, before_ms, clock_wall_ms());
        assert_int_equal(downtime_ms(&downtime, downtime.since_ms + 4200), 4200);
        _cleanup_free_ char *so_far = downtime_says(&downtime, downtime.since_ms + 4200);
        assert_string_equal(so_far, "Visitors have got the 503 page for 4.2 s.");

        assert_stage(fixture, &lift);
        struct downtime ended = of(fixture);
        assert_false(downtime_goes_on(&ended));
        assert_int_equal(ended.since_ms, downtime.since_ms);
        assert_in_range(ended.until_ms, ended.since_ms, clock_wall_ms());
        assert_stage(fixture, &lift);
        struct downtime again = of(fixture);
        assert_memory_equal(&again, &ended, sizeof(ended));
        fixture_free(fixture);
}

/* Killed between the rename and the record, and dead for a while: the moment is that of the rename. */
static void test_a_record_that_was_not_made(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        struct downtime begun = of(fixture);
        record(fixture, "");
        (void)poll(NULL, 0, 100);
        assert_stage(fixture, &stage_move_files);
        struct downtime downtime = of(fixture);
        assert_int_equal(downtime.since_ms, begun.since_ms);

        assert_stage(fixture, &lift);
        struct downtime ended = of(fixture);
        _cleanup_free_ char *open = string_format("%lld 0 0", (long long)begun.since_ms);
        record(fixture, open);
        (void)poll(NULL, 0, 100);
        assert_stage(fixture, &lift);
        struct downtime again = of(fixture);
        assert_memory_equal(&again, &ended, sizeof(ended));
        fixture_free(fixture);
}

static void test_a_clock_that_was_set_back(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        int64_t since_ms = clock_wall_ms() + HOUR_MS;
        _cleanup_free_ char *later = string_format("%lld 0 0", (long long)since_ms);
        record(fixture, later);
        struct downtime downtime = of(fixture);
        assert_int_equal(downtime_ms(&downtime, clock_wall_ms()), 0);
        assert_stage(fixture, &lift);
        downtime = of(fixture);
        assert_false(downtime_goes_on(&downtime));
        assert_int_equal(downtime_ms(&downtime, clock_wall_ms()), 0);
        fixture_free(fixture);
}

static void test_the_way_back_ends_it(void **state)
{
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        struct downtime begun = of(fixture);
        call(fixture, move_back);
        struct downtime ended = of(fixture);
        assert_int_equal(ended.since_ms, begun.since_ms);
        assert_false(downtime_goes_on(&ended));

        /* Once more in the same direction: both count. */
        call(fixture, raise_in_front);
        struct downtime second = of(fixture);
        assert_true(downtime_goes_on(&second));
        assert_int_equal(second.earlier_ms, ended.until_ms - ended.since_ms);
        call(fixture, gate_lower_after_rollback);
        struct downtime last = of(fixture);
        assert_false(downtime_goes_on(&last));
        assert_int_equal(downtime_ms(&last, 0), last.until_ms - last.since_ms + second.earlier_ms);
        fixture_free(fixture);
}

static void test_raised_again_it_is_another(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct fixture *fixture = two_sites();
        assert_stage(fixture, &stage_move_files);
        assert_stage(fixture, &lift);
        struct downtime first = of(fixture);
        record(fixture, ""); /* as the command rollback does */
        (void)poll(NULL, 0, 50);
        assert_int_equal(call_stage(fixture, &lift, gate_raise_again, &err), 0);
        struct downtime second = of(fixture);
        assert_true(downtime_goes_on(&second));
        assert_true(second.since_ms >= first.until_ms + 50 - COARSE_MS);
        assert_int_equal(second.earlier_ms, 0);
        fixture_free(fixture);
}

static void test_no_sense(void **state)
{
        struct fixture *fixture = two_sites();
        record(fixture, "yesterday");
        struct downtime downtime = of(fixture);
        assert_int_equal(downtime_ms(&downtime, clock_wall_ms()), -1);
        assert_null(downtime_says(&downtime, clock_wall_ms()));
        fixture_free(fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_from_the_first_rename_to_the_last),
                cmocka_unit_test(test_a_record_that_was_not_made),
                cmocka_unit_test(test_a_clock_that_was_set_back),
                cmocka_unit_test(test_the_way_back_ends_it),
                cmocka_unit_test(test_raised_again_it_is_another),
                cmocka_unit_test(test_no_sense),
        };
        return cmocka_run_group_tests_name("downtime", tests, NULL, NULL);
}
