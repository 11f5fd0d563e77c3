/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/machine.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define NO (-1) /* refused */

enum { STATE_COUNT = UPGRADE_CLEANED + 1, EVENT_COUNT = EVENT_ALL_DONE + 1 };

/* The whole table, written a second time in another shape: state by event. */
static const int expected[STATE_COUNT][EVENT_COUNT] = {
        /* start, resume, cancel, rollback, clean, stage_failed, interrupt, all_done */
        [UPGRADE_IDLE] = {UPGRADE_RUNNING, NO, NO, NO, NO, NO, NO, NO},
        [UPGRADE_RUNNING] = {NO, NO, UPGRADE_RUNNING, NO, NO, UPGRADE_FAILED, UPGRADE_INTERRUPTED,
                UPGRADE_FINISHED},
        [UPGRADE_FAILED] = {NO, UPGRADE_RUNNING, NO, UPGRADE_ROLLING_BACK, NO, NO, NO, NO},
        [UPGRADE_INTERRUPTED] = {NO, UPGRADE_RUNNING, NO, UPGRADE_ROLLING_BACK, NO, NO, NO, NO},
        [UPGRADE_FINISHED] = {NO, NO, NO, UPGRADE_ROLLING_BACK, UPGRADE_CLEANING, NO, NO, NO},
        [UPGRADE_ROLLING_BACK] = {NO, NO, UPGRADE_ROLLING_BACK, NO, NO, UPGRADE_ROLLBACK_FAILED,
                UPGRADE_ROLLBACK_INTERRUPTED, UPGRADE_ROLLED_BACK},
        [UPGRADE_ROLLBACK_FAILED] = {NO, UPGRADE_ROLLING_BACK, NO, UPGRADE_ROLLING_BACK, NO, NO, NO, NO},
        [UPGRADE_ROLLBACK_INTERRUPTED] = {NO, UPGRADE_ROLLING_BACK, NO, UPGRADE_ROLLING_BACK, NO, NO, NO, NO},
        [UPGRADE_ROLLED_BACK] = {UPGRADE_RUNNING, NO, NO, NO, UPGRADE_CLEANING, NO, NO, NO},
        [UPGRADE_CLEANING] = {NO, NO, UPGRADE_CLEANING, NO, NO, UPGRADE_CLEAN_FAILED,
                UPGRADE_CLEAN_INTERRUPTED, UPGRADE_CLEANED},
        [UPGRADE_CLEAN_FAILED] = {NO, UPGRADE_CLEANING, NO, NO, UPGRADE_CLEANING, NO, NO, NO},
        [UPGRADE_CLEAN_INTERRUPTED] = {NO, UPGRADE_CLEANING, NO, NO, UPGRADE_CLEANING, NO, NO, NO},
        [UPGRADE_CLEANED] = {UPGRADE_RUNNING, NO, NO, NO, NO, NO, NO, NO},
};

static void test_every_state_and_event(void **state)
{
        for (int from = 0; from < STATE_COUNT; from++) {
                for (int event = 0; event < EVENT_COUNT; event++) {
                        enum upgrade_state to = (enum upgrade_state)from;
                        bool moved = machine_move(&to, (enum upgrade_event)event);
                        int wanted = expected[from][event];
                        assert_int_equal(moved, wanted != NO);
                        assert_int_equal(to, wanted == NO ? from : wanted);
                        assert_int_equal(
                                machine_allows((enum upgrade_state)from, (enum upgrade_event)event), moved);
                }
        }
}

/* No state is a dead end: from each the upgrade can come to where a new one may be started. */
static void test_every_state_has_a_way_to_a_start(void **state)
{
        bool reaches[STATE_COUNT] = {false};
        for (int round = 0; round < STATE_COUNT; round++)
                for (int from = 0; from < STATE_COUNT; from++)
                        for (int event = 0; event < EVENT_COUNT; event++) {
                                enum upgrade_state to = (enum upgrade_state)from;
                                if (machine_move(&to, (enum upgrade_event)event))
                                        reaches[from] |= event == EVENT_START || reaches[to];
                        }
        for (int from = 0; from < STATE_COUNT; from++)
                if (!reaches[from])
                        fail_msg("%s is a dead end", upgrade_state_name((enum upgrade_state)from));
}

static void test_kinds_of_states(void **state)
{
        static const struct {
                bool rollback, clean, at_work, interrupted;
        } kinds[STATE_COUNT] = {
                [UPGRADE_RUNNING] = {.at_work = true},
                [UPGRADE_INTERRUPTED] = {.interrupted = true},
                [UPGRADE_ROLLING_BACK] = {.rollback = true, .at_work = true},
                [UPGRADE_ROLLBACK_FAILED] = {.rollback = true},
                [UPGRADE_ROLLBACK_INTERRUPTED] = {.rollback = true, .interrupted = true},
                [UPGRADE_CLEANING] = {.clean = true, .at_work = true},
                [UPGRADE_CLEAN_FAILED] = {.clean = true},
                [UPGRADE_CLEAN_INTERRUPTED] = {.clean = true, .interrupted = true},
        };
        for (int i = 0; i < STATE_COUNT; i++) {
                enum upgrade_state one = (enum upgrade_state)i;
                assert_int_equal(machine_is_rollback(one), kinds[i].rollback);
                assert_int_equal(machine_is_clean(one), kinds[i].clean);
                assert_int_equal(machine_is_at_work(one), kinds[i].at_work);
                assert_int_equal(machine_is_interrupted(one), kinds[i].interrupted);
                /* What is at work can be told to stop, and what was stopped goes on when it is told to. */
                assert_int_equal(machine_allows(one, EVENT_CANCEL), kinds[i].at_work);
                assert_true(!kinds[i].interrupted || machine_allows(one, EVENT_RESUME));
        }
}

static void test_commands_in_the_order_of_the_alphabet(void **state)
{
        assert_int_equal(upgrade_command_count, 5);
        for (unsigned i = 1; i < upgrade_command_count; i++)
                assert_true(strcmp(upgrade_event_name(upgrade_commands[i - 1]),
                                    upgrade_event_name(upgrade_commands[i])) < 0);
}

static void test_names_there_and_back(void **state)
{
        for (int i = 0; i < STATE_COUNT; i++) {
                enum upgrade_state back = UPGRADE_IDLE;
                assert_true(upgrade_state_from_name(upgrade_state_name((enum upgrade_state)i), &back));
                assert_int_equal(back, i);
                assert_non_null(upgrade_state_meaning((enum upgrade_state)i));
        }
        for (int i = 0; i <= STAGE_UNDONE; i++) {
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
        assert_null(stage_state_name((enum stage_state)(STAGE_UNDONE + 1)));
        assert_null(upgrade_event_name((enum upgrade_event)EVENT_COUNT));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_every_state_and_event),
                cmocka_unit_test(test_every_state_has_a_way_to_a_start),
                cmocka_unit_test(test_kinds_of_states),
                cmocka_unit_test(test_commands_in_the_order_of_the_alphabet),
                cmocka_unit_test(test_names_there_and_back),
                cmocka_unit_test(test_unknown_names_leave_the_output_alone),
                cmocka_unit_test(test_numbers_out_of_range_have_no_name),
        };
        return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
