/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/machine.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define REFUSED (-1)

enum { STATE_COUNT = UPGRADE_FINISHED + 1, EVENT_COUNT = EVENT_ALL_DONE + 1 };

/* The whole table, written a second time in another shape: state by event. */
static const int expected[STATE_COUNT][EVENT_COUNT] = {
        [UPGRADE_IDLE] = {[EVENT_START] = UPGRADE_RUNNING,
                [EVENT_RESUME] = REFUSED,
                [EVENT_CANCEL] = REFUSED,
                [EVENT_STAGE_FAILED] = REFUSED,
                [EVENT_INTERRUPT] = REFUSED,
                [EVENT_ALL_DONE] = REFUSED},
        [UPGRADE_RUNNING] = {[EVENT_START] = REFUSED,
                [EVENT_RESUME] = REFUSED,
                [EVENT_CANCEL] = UPGRADE_RUNNING,
                [EVENT_STAGE_FAILED] = UPGRADE_FAILED,
                [EVENT_INTERRUPT] = UPGRADE_INTERRUPTED,
                [EVENT_ALL_DONE] = UPGRADE_FINISHED},
        [UPGRADE_FAILED] = {[EVENT_START] = REFUSED,
                [EVENT_RESUME] = UPGRADE_RUNNING,
                [EVENT_CANCEL] = REFUSED,
                [EVENT_STAGE_FAILED] = REFUSED,
                [EVENT_INTERRUPT] = REFUSED,
                [EVENT_ALL_DONE] = REFUSED},
        [UPGRADE_INTERRUPTED] = {[EVENT_START] = REFUSED,
                [EVENT_RESUME] = UPGRADE_RUNNING,
                [EVENT_CANCEL] = REFUSED,
                [EVENT_STAGE_FAILED] = REFUSED,
                [EVENT_INTERRUPT] = REFUSED,
                [EVENT_ALL_DONE] = REFUSED},
        [UPGRADE_FINISHED] = {[EVENT_START] = REFUSED,
                [EVENT_RESUME] = REFUSED,
                [EVENT_CANCEL] = REFUSED,
                [EVENT_STAGE_FAILED] = REFUSED,
                [EVENT_INTERRUPT] = REFUSED,
                [EVENT_ALL_DONE] = REFUSED},
};

static void test_every_state_and_event(void **state)
{
        for (int from = 0; from < STATE_COUNT; from++) {
                for (int event = 0; event < EVENT_COUNT; event++) {
                        enum upgrade_state to = (enum upgrade_state)from;
                        bool moved = machine_move(&to, (enum upgrade_event)event);
                        int wanted = expected[from][event];
                        assert_int_equal(moved, wanted != REFUSED);
                        assert_int_equal(to, wanted == REFUSED ? from : wanted);
                        assert_int_equal(
                                machine_allows((enum upgrade_state)from, (enum upgrade_event)event), moved);
                }
        }
}

static void test_every_state_but_the_last_has_a_way_on(void **state)
{
        for (int from = 0; from < UPGRADE_FINISHED; from++)
                assert_true(machine_allows((enum upgrade_state)from, EVENT_START) ||
                            machine_allows((enum upgrade_state)from, EVENT_RESUME) ||
                            machine_allows((enum upgrade_state)from, EVENT_ALL_DONE));
}

static void test_names_there_and_back(void **state)
{
        for (int i = 0; i < STATE_COUNT; i++) {
                enum upgrade_state back = UPGRADE_IDLE;
                assert_true(upgrade_state_from_name(upgrade_state_name((enum upgrade_state)i), &back));
                assert_int_equal(back, i);
                assert_non_null(upgrade_state_meaning((enum upgrade_state)i));
        }
        for (int i = 0; i <= STAGE_FAILED; i++) {
                enum stage_state back = STAGE_PENDING;
                assert_true(stage_state_from_name(stage_state_name((enum stage_state)i), &back));
                assert_int_equal(back, i);
        }
        assert_string_equal(upgrade_event_name(EVENT_START), "start");
        assert_string_equal(upgrade_event_name(EVENT_ALL_DONE), "all_done");
}

static void test_unknown_names_leave_the_output_alone(void **state)
{
        static const char *const names[] = {"", "Running", "running ", "done", NULL};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                enum upgrade_state upgrade = UPGRADE_FAILED;
                enum stage_state stage = STAGE_SKIPPED;
                assert_false(upgrade_state_from_name(names[i], &upgrade));
                assert_int_equal(upgrade, UPGRADE_FAILED);
                assert_false(stage_state_from_name(names[i], &stage));
                assert_int_equal(stage, STAGE_SKIPPED);
        }
}

static void test_numbers_out_of_range_have_no_name(void **state)
{
        assert_null(upgrade_state_name((enum upgrade_state)STATE_COUNT));
        assert_null(upgrade_state_meaning((enum upgrade_state)STATE_COUNT));
        assert_null(stage_state_name((enum stage_state)(STAGE_FAILED + 1)));
        assert_null(upgrade_event_name((enum upgrade_event)EVENT_COUNT));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_state_and_event),
                cmocka_unit_test(test_every_state_but_the_last_has_a_way_on),
                cmocka_unit_test(test_names_there_and_back),
                cmocka_unit_test(test_unknown_names_leave_the_output_alone),
                cmocka_unit_test(test_numbers_out_of_range_have_no_name),
        };
        return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
