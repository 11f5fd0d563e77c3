/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/ends.h"

#include "states/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define STATE_COUNT (UPGRADE_CLEANED + 1)
#define NO_END (-1)

/* Every state there is, as the API tells it, and what it is to who waits. */
static const struct {
        int code, code_when_waiting;
        const char *on_the_way; /* what leads to it */
        const char *what;
} expected[STATE_COUNT] = {
        [UPGRADE_IDLE] = {EXIT_COMMAND_FAILED, EXIT_COMMAND_FAILED, NULL, "upgrade"},
        [UPGRADE_RUNNING] = {NO_END, NO_END, NULL, "upgrade"},
        [UPGRADE_FAILED] = {EXIT_UPGRADE_FAILED, EXIT_UPGRADE_FAILED, "running", "upgrade"},
        [UPGRADE_INTERRUPTED] = {NO_END, EXIT_COMMAND_FAILED, "running", "upgrade"},
        [UPGRADE_FINISHED] = {EXIT_DONE, EXIT_DONE, "running", "upgrade"},
        [UPGRADE_ROLLING_BACK] = {NO_END, NO_END, NULL, "rollback"},
        [UPGRADE_ROLLBACK_FAILED] = {EXIT_UPGRADE_FAILED, EXIT_UPGRADE_FAILED, "rolling_back", "rollback"},
        [UPGRADE_ROLLBACK_INTERRUPTED] = {NO_END, EXIT_COMMAND_FAILED, "rolling_back", "rollback"},
        [UPGRADE_ROLLED_BACK] = {EXIT_DONE, EXIT_DONE, "rolling_back", "rollback"},
        [UPGRADE_CLEANING] = {NO_END, NO_END, NULL, "deleting of the backups"},
        [UPGRADE_CLEAN_FAILED] = {EXIT_UPGRADE_FAILED, EXIT_UPGRADE_FAILED, "cleaning",
                "deleting of the backups"},
        [UPGRADE_CLEAN_INTERRUPTED] = {NO_END, EXIT_COMMAND_FAILED, "cleaning", "deleting of the backups"},
        [UPGRADE_CLEANED] = {EXIT_DONE, EXIT_DONE, "cleaning", "deleting of the backups"},
};

static json_t *status_of(enum upgrade_state state, bool waits)
{
        return json_pack("{s:s, s:b}", "state", upgrade_state_name(state), "waiting_for_user", (int)waits);
}

static void test_where_each_state_ends(void **state)
{
        for (int i = 0; i < STATE_COUNT; i++)
                for (int waits = 0; waits < 2; waits++) {
                        json_auto_t *status = status_of((enum upgrade_state)i, waits);
                        const struct end *end = end_of(status);
                        int wanted = waits ? expected[i].code_when_waiting : expected[i].code;
                        if ((end ? (int)end->code : NO_END) != wanted)
                                fail_msg("%s: %d", upgrade_state_name((enum upgrade_state)i),
                                        end ? (int)end->code : NO_END);
                        if (end)
                                assert_string_equal(end->state, upgrade_state_name((enum upgrade_state)i));
                        if (end && expected[i].on_the_way)
                                assert_string_equal(end->on_the_way, expected[i].on_the_way);
                        assert_true(!end || strlen(end->text) > 10);
                }
}

/* Whatever the machine moves to by itself from a state of work is an end on that way. */
static void test_every_way_out_of_work_is_an_end_of_it(void **state)
{
        static const enum upgrade_event outs[] = {EVENT_STAGE_FAILED, EVENT_INTERRUPT, EVENT_ALL_DONE};
        for (int from = 0; from < STATE_COUNT; from++)
                for (size_t i = 0; machine_is_at_work((enum upgrade_state)from) && i < ARRAY_SIZE(outs);
                        i++) {
                        enum upgrade_state to = (enum upgrade_state)from;
                        assert_true(machine_move(&to, outs[i]));
                        json_auto_t *status = status_of(to, true);
                        const struct end *end = end_of(status);
                        assert_non_null(end);
                        assert_string_equal(end->on_the_way, upgrade_state_name((enum upgrade_state)from));
                        assert_int_equal(
                                end_code(end, upgrade_state_name((enum upgrade_state)from)), end->code);
                }
}

/* A command leads somewhere; an end elsewhere is not what was waited for. */
static void test_the_end_that_was_wanted(void **state)
{
        static const struct {
                const char *end, *commanded; /* the state that the command's answer has told */
                bool wanted;
        } cases[] = {
                {"finished", NULL, true},
                {"cleaned", NULL, true},
                {"finished", "running", true},
                {"finished", "finished", true}, /* it was there before the answer was made */
                {"finished", "rolling_back", false},
                {"finished", "cleaning", false},
                {"rolled_back", "rolling_back", true},
                {"rolled_back", "rollback_failed", true},
                {"rolled_back", "running", false},
                {"cleaned", "cleaning", true},
                {"cleaned", "clean_failed", true},
                {"cleaned", "running", false},
                {"idle", "running", false},
                {"idle", "cleaning", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                json_auto_t *status = json_pack("{s:s}", "state", cases[i].end);
                const struct end *end = end_of(status);
                assert_non_null(end);
                if (end_code(end, cases[i].commanded) != (cases[i].wanted ? EXIT_DONE : EXIT_COMMAND_FAILED))
                        fail_msg("%s after %s", cases[i].end, cases[i].commanded);
        }
}

static void test_what_is_at_work(void **state)
{
        for (int i = 0; i < STATE_COUNT; i++) {
                json_auto_t *status = status_of((enum upgrade_state)i, false);
                assert_string_equal(status_what(status), expected[i].what);
                assert_int_equal(
                        status_is_on_the_way_back(status), string_equal(expected[i].what, "rollback"));
                assert_int_equal(status_is_cleaning(status), i == UPGRADE_CLEANING);
        }
        for (int i = 0; i <= STAGE_UNDONE; i++)
                assert_int_equal(stage_is_at_work(stage_state_name((enum stage_state)i)),
                        i == STAGE_RUNNING || i == STAGE_UNDOING);
        assert_false(stage_is_at_work(NULL));
}

/* A daemon of another version, or none at all. */
static void test_what_is_no_status(void **state)
{
        static const char *const texts[] = {"{}", "{\"state\": null}", "{\"state\": 7}",
                "{\"state\": \"leaping\", \"waiting_for_user\": true}", "[]", "null"};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                json_auto_t *status = json_loads(texts[i], JSON_DECODE_ANY, NULL);
                assert_null(end_of(status));
                assert_false(status_is_on_the_way_back(status));
                assert_string_equal(status_what(status), "upgrade");
        }
        assert_null(end_of(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_where_each_state_ends),
                cmocka_unit_test(test_every_way_out_of_work_is_an_end_of_it),
                cmocka_unit_test(test_the_end_that_was_wanted),
                cmocka_unit_test(test_what_is_at_work),
                cmocka_unit_test(test_what_is_no_status),
        };
        return cmocka_run_group_tests_name("ends", tests, NULL, NULL);
}
