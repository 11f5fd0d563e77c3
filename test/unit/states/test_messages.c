/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/messages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static const char *const turns[] = {
#define X(name, id, subject, text) id,
        MESSAGES(X)
#undef X
};

static void test_ids_are_well_formed_and_differ(void **state)
{
        const char *ids[64];
        size_t count = 0;
        for (size_t i = 0; i < ARRAY_SIZE(turns); i++)
                ids[count++] = turns[i];
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++)
                ids[count++] = error_code_message_id(error_code_at(i));
        assert_true(count > ARRAY_SIZE(turns) + 10);
        for (size_t i = 0; i < count; i++) {
                assert_int_equal(strlen(ids[i]), 32);
                assert_int_equal(strspn(ids[i], "0123456789abcdef"), 32);
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(ids[i], ids[j]);
        }
        assert_null(error_code_message_id(ERR_NONE));
}

static const struct {
        struct upgrade_change change;
        enum upgrade_state state; /* after it */
        enum error_code problem;
        enum message wanted; /* MESSAGE_NONE: none, or that of the problem */
} cases[] = {
        {{.moves = true, .event = EVENT_START}, UPGRADE_RUNNING, ERR_NONE, MESSAGE_STARTED},
        {{.moves = true, .event = EVENT_RESUME}, UPGRADE_RUNNING, ERR_NONE, MESSAGE_RESUMED},
        {{.moves = true, .event = EVENT_INTERRUPT}, UPGRADE_INTERRUPTED, ERR_NONE, MESSAGE_INTERRUPTED},
        {{.moves = true, .event = EVENT_ALL_DONE}, UPGRADE_FINISHED, ERR_NONE, MESSAGE_FINISHED},
        {{.moves = true, .event = EVENT_ROLLBACK}, UPGRADE_ROLLING_BACK, ERR_NONE, MESSAGE_ROLLBACK_STARTED},
        {{.moves = true, .event = EVENT_ALL_DONE}, UPGRADE_ROLLED_BACK, ERR_NONE, MESSAGE_ROLLED_BACK},
        {{.moves = true, .event = EVENT_CLEAN}, UPGRADE_CLEANING, ERR_NONE, MESSAGE_CLEAN_STARTED},
        {{.moves = true, .event = EVENT_ALL_DONE}, UPGRADE_CLEANED, ERR_NONE, MESSAGE_CLEANED},
        {{.moves = true, .event = EVENT_STAGE_FAILED}, UPGRADE_FAILED, ERR_BUILD_M3_CACHE, MESSAGE_NONE},
        {{.moves = true, .event = EVENT_STAGE_FAILED}, UPGRADE_CLEAN_FAILED, ERR_CLEAN_FAILED, MESSAGE_NONE},
        /* a stage that begins */
        {{.event = EVENT_START, .stage_state = STAGE_RUNNING}, UPGRADE_RUNNING, ERR_NONE, MESSAGE_NONE},
};

static void test_each_turn_has_its_own(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct upgrade upgrade = {.state = cases[i].state, .problem.code = cases[i].problem};
                const char *id = message_id_of(&upgrade, &cases[i].change);
                const char *wanted = cases[i].wanted ? turns[cases[i].wanted - 1]
                                                     : error_code_message_id(cases[i].problem);
                if (wanted)
                        assert_string_equal(id, wanted);
                else
                        assert_null(id);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ids_are_well_formed_and_differ),
                cmocka_unit_test(test_each_turn_has_its_own),
        };
        return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
