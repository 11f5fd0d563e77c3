/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/upgrade.h"

#include "states/stages.h"
#include "test/unit/states/stage_fixture.h"

static int nothing(struct stage_context *context, struct error *err)
{
        return STAGE_DONE;
}

static const struct stage one = {"one", "One", ERR_PREFLIGHT_FAILED, nothing};
static const struct stage two = {"two", "Two", ERR_CLEANUP_FILES, nothing};
static const struct stage *const table[] = {&one, &two, NULL};

static struct fixture fixture;

static int set_up(void **state)
{
        fixture_init(&fixture, &one);
        return 0;
}

static int tear_down(void **state)
{
        fixture_deinit(&fixture);
        return 0;
}

static void record_upgrade(const char *root, const char *state)
{
        _cleanup_error_ struct error err = {0};
        const struct upgrade_record record = {.uuid = (char *)"00000000-0000-4000-8000-000000000000",
                .root = (char *)root,
                .state = (char *)state,
                .started_ms = 1};
        assert_int_equal(checkpoint_save_upgrade(fixture.context.checkpoint, &record, &err), 0);
}

static void record_stage(const char *name, const char *state)
{
        _cleanup_error_ struct error err = {0};
        const struct stage_record record = {.name = (char *)name,
                .state = (char *)state,
                .attempts = 3,
                .error_code = (char *)"ERR_CLEANUP_FILES",
                .reason = (char *)"disk_full",
                .message = (char *)"no room"};
        assert_int_equal(checkpoint_save_stage(fixture.context.checkpoint, &record, &err), 0);
}

static void test_what_a_checkpoint_may_hold(void **state)
{
        static const struct {
                const char *root, *upgrade, *one, *two; /* states; NULL: no record */
                enum reason reason; /* REASON_NONE: it is understood */
                size_t current;
                enum error_code problem;
        } cases[] = {
                {"/site", "idle", NULL, NULL, REASON_NONE, 0, ERR_NONE},
                {"/site", "running", "succeeded", "running", REASON_NONE, 1, ERR_NONE},
                {"/site", "running", "skipped", NULL, REASON_NONE, 1, ERR_NONE},
                {"/site", "failed", "succeeded", "failed", REASON_NONE, 1, ERR_CLEANUP_FILES},
                {"/site", "failed", "failed", "pending", REASON_NONE, 0, ERR_PREFLIGHT_FAILED},
                {"/site", "interrupted", "pending", NULL, REASON_NONE, 0, ERR_NONE},
                {"/site", "finished", "succeeded", "succeeded", REASON_NONE, 2, ERR_NONE},
                {"/site", "running", "succeeded", "succeeded", REASON_NONE, 2, ERR_NONE},
                {"/other", "running", NULL, NULL, REASON_CONFIGURATION_INVALID, 0, ERR_NONE},
                {"/site", "rolling_back", NULL, NULL, REASON_CHECKPOINT_NEWER, 0, ERR_NONE},
                {"/site", "running", "undone", NULL, REASON_CHECKPOINT_NEWER, 0, ERR_NONE},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_upgrade_ struct upgrade upgrade = {0};
                assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, &err), 0);
                record_upgrade(cases[i].root, cases[i].upgrade);
                if (cases[i].one)
                        record_stage("one", cases[i].one);
                if (cases[i].two)
                        record_stage("two", cases[i].two);
                upgrade_init(&upgrade, table, "/site");
                int result = upgrade_load(&upgrade, fixture.context.checkpoint, &err);
                if (result != (cases[i].reason == REASON_NONE ? 0 : -1) || err.reason != cases[i].reason)
                        fail_msg("case %zu: %d, %s", i, result, error_message(&err));
                if (result < 0)
                        continue;
                assert_int_equal(upgrade.current, cases[i].current);
                assert_int_equal(upgrade.problem.code, cases[i].problem);
                if (cases[i].problem != ERR_NONE)
                        assert_int_equal(upgrade.problem.reason, REASON_DISK_FULL);
        }
}

static void test_an_empty_checkpoint_is_idle(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        upgrade_init(&upgrade, table, "/site");
        assert_int_equal(upgrade_load(&upgrade, fixture.context.checkpoint, &err), 0);
        assert_int_equal(upgrade.state, UPGRADE_IDLE);
        assert_null(upgrade.uuid);
        snapshot_unref(upgrade_snapshot(&upgrade, &(struct progress_meter){0}));
}

/* What is saved is what is loaded, and the copy that was changed is all that has changed. */
static void test_a_change_there_and_back(void **state)
{
        _cleanup_error_ struct error err = {0}, failure = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0}, next = {0}, loaded = {0};
        upgrade_init(&upgrade, table, "/site");
        upgrade.state = UPGRADE_RUNNING;
        upgrade.uuid = string_copy("00000000-0000-4000-8000-000000000000");
        upgrade.current = 0;
        (void)error_set(&failure, REASON_TIMED_OUT, "it took \"too\" long");
        const struct upgrade_change change = {
                .time_ms = 1000,
                .moves = true,
                .event = EVENT_STAGE_FAILED,
                .stage = 0,
                .stage_state = STAGE_FAILED,
                .error = &failure,
                .level = LOG_LEVEL_ERROR,
                .text = "One: failed.",
        };
        int64_t sequence = 0;
        upgrade_copy(&next, &upgrade);
        assert_int_equal(upgrade_apply(&next, &change, &err), 0);
        assert_int_equal(upgrade_save(&next, &change, fixture.context.checkpoint, &sequence, &err), 0);
        assert_int_equal(upgrade.state, UPGRADE_RUNNING);
        assert_int_equal(upgrade.stages[0].state, STAGE_PENDING);

        upgrade_init(&loaded, table, "/site");
        assert_int_equal(upgrade_load(&loaded, fixture.context.checkpoint, &err), 0);
        assert_int_equal(loaded.state, UPGRADE_FAILED);
        assert_int_equal(loaded.problem.code, ERR_PREFLIGHT_FAILED);
        assert_int_equal(loaded.problem.reason, REASON_TIMED_OUT);
        assert_string_equal(loaded.problem.message, "it took \"too\" long");
        _cleanup_event_list_ struct event_list events = {0};
        assert_int_equal(
                checkpoint_load_events(fixture.context.checkpoint, sequence - 1, 10, &events, &err), 0);
        assert_int_equal(events.count, 1);
        assert_string_equal(events.items[0].type, "stage");
        assert_string_equal(events.items[0].stage, "one");
        assert_string_equal(events.items[0].level, "error");
        assert_string_equal(events.items[0].fields, "{\"state\":\"failed\",\"attempt\":0,\"error_code\":"
                                                    "\"ERR_PREFLIGHT_FAILED\",\"reason\":\"timed_out\"}");
}

static void test_an_event_out_of_place_is_refused(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        upgrade_init(&upgrade, table, "/site");
        const struct upgrade_change change = {.moves = true, .event = EVENT_ALL_DONE, .stage = NO_STAGE};
        assert_int_equal(upgrade_apply(&upgrade, &change, &err), -1);
        assert_int_equal(err.reason, REASON_INTERNAL);
        assert_int_equal(upgrade.state, UPGRADE_IDLE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_what_a_checkpoint_may_hold),
                TEST(test_an_empty_checkpoint_is_idle),
                TEST(test_a_change_there_and_back),
                TEST(test_an_event_out_of_place_is_refused),
        };
        return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
