/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/upgrade.h"

#include "states/scratch_schema.h"
#include "states/stages.h"
#include "test/unit/states/stage_fixture.h"

static int nothing(struct stage_context *context, struct error *err)
{
        return STAGE_DONE;
}

static const struct stage one = {.name = "one",
        .title = "One",
        .error_code = ERR_PREFLIGHT_FAILED,
        .run = nothing,
        .begins = BOUNDARY_FILES_SWAPPED};
static const struct stage two = {.name = "two",
        .title = "Two",
        .error_code = ERR_CLEANUP_FILES,
        .run = nothing,
        .begins = BOUNDARY_MAUTIC_3_LIVE};
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
                .attempts = strcmp(state, "pending") == 0 ? 0 : 3,
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
        } cases[] = {
                {"/site", "idle", NULL, NULL, REASON_NONE, 0},
                {"/site", "running", "succeeded", "running", REASON_NONE, 1},
                {"/site", "running", "skipped", NULL, REASON_NONE, 1},
                {"/site", "failed", "succeeded", "failed", REASON_NONE, 1},
                {"/site", "failed", "failed", "pending", REASON_NONE, 0},
                {"/site", "interrupted", "pending", NULL, REASON_NONE, 0},
                {"/site", "finished", "succeeded", "succeeded", REASON_NONE, 2},
                {"/site", "running", "succeeded", "succeeded", REASON_NONE, 2},
                /* On the way back: the last that was begun and is not undone. */
                {"/site", "rolling_back", "succeeded", "succeeded", REASON_NONE, 1},
                {"/site", "rolling_back", "succeeded", "undone", REASON_NONE, 0},
                {"/site", "rollback_failed", "succeeded", "undoing", REASON_NONE, 1},
                {"/site", "rollback_interrupted", "failed", "pending", REASON_NONE, 0},
                {"/site", "rollback_interrupted", "skipped", NULL, REASON_NONE, 0},
                {"/site", "rolling_back", "undone", "undone", REASON_NONE, 2},
                {"/site", "rolled_back", "undone", "pending", REASON_NONE, 2},
                {"/site", "cleaning", "undone", "undone", REASON_NONE, 2},
                {"/site", "clean_failed", "succeeded", "succeeded", REASON_NONE, 2},
                {"/site", "clean_interrupted", "undone", "pending", REASON_NONE, 2},
                {"/site", "cleaned", "undone", NULL, REASON_NONE, 2},
                {"/site", "cleaned", "succeeded", "skipped", REASON_NONE, 2},
                {"/other", "running", NULL, NULL, REASON_CONFIGURATION_INVALID, 0},
                {"/site", "leaping", NULL, NULL, REASON_CHECKPOINT_NEWER, 0},
                {"/site", "running", "postponed", NULL, REASON_CHECKPOINT_NEWER, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_upgrade_ struct upgrade upgrade = {0};
                assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, NULL, &err), 0);
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
                if (upgrade.current != cases[i].current)
                        fail_msg("case %zu: at %zu", i, upgrade.current);
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
        (void)error_accept(&failure, "plugins");
        (void)error_accept(&failure, "spool");
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
        assert_int_equal(strings_count(loaded.problem.acceptable), 2);
        assert_string_equal(loaded.problem.acceptable[0], "plugins");
        assert_string_equal(loaded.problem.acceptable[1], "spool");
        _cleanup_event_list_ struct event_list events = {0};
        assert_int_equal(
                checkpoint_load_events(fixture.context.checkpoint, sequence - 1, 10, &events, &err), 0);
        assert_int_equal(events.count, 1);
        assert_string_equal(events.items[0].type, "stage");
        assert_string_equal(events.items[0].stage, "one");
        assert_string_equal(events.items[0].level, "error");
        assert_string_equal(events.items[0].fields,
                "{\"state\":\"failed\",\"upgrade_state\":\"failed\",\"upgrade\":"
                "\"00000000-0000-4000-8000-000000000000\",\"event\":\"stage_failed\",\"stage_state\":"
                "\"failed\","
                "\"attempt\":0,\"error_code\":\"ERR_PREFLIGHT_FAILED\",\"reason\":\"timed_out\"}");
}

/* A new start forgets all of the former upgrade but the schemas that are still to be dropped. */
static void test_start_remembers_scratch_schemas(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        _cleanup_step_list_ struct step_list steps = {0}, others = {0};
        const struct upgrade_change change = {
                .time_ms = 1000,
                .moves = true,
                .event = EVENT_START,
                .stage = NO_STAGE,
                .uuid = "11111111-0000-4000-8000-000000000000",
                .level = LOG_LEVEL_INFO,
                .text = "The upgrade is started.",
        };
        struct checkpoint *checkpoint = fixture.context.checkpoint;
        int64_t number, sequence = 0;
        assert_int_equal(
                checkpoint_add_step(checkpoint, SCRATCH_STAGE, "scratch_schema", "x", &number, &err), 0);
        assert_int_equal(checkpoint_add_step(checkpoint, "one", "act", "x", &number, &err), 0);
        upgrade_init(&upgrade, table, "/site");
        assert_int_equal(upgrade_apply(&upgrade, &change, &err), 0);
        assert_int_equal(upgrade_save(&upgrade, &change, checkpoint, &sequence, &err), 0);
        assert_int_equal(checkpoint_load_steps(checkpoint, SCRATCH_STAGE, &steps, &err), 0);
        assert_int_equal(steps.count, 1);
        assert_string_equal(steps.items[0].detail, "x");
        assert_int_equal(checkpoint_load_steps(checkpoint, "one", &others, &err), 0);
        assert_int_equal(others.count, 0);
}

static void test_a_problem_that_makes_no_sense(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        record_upgrade("/site", "failed");
        assert_int_equal(checkpoint_set_fact(fixture.context.checkpoint, FACT_PROBLEM, "{", &err), 0);
        upgrade_init(&upgrade, table, "/site");
        assert_int_equal(upgrade_load(&upgrade, fixture.context.checkpoint, &err), -1);
        assert_int_equal(err.reason, REASON_CHECKPOINT_DAMAGED);
}

/* As it was recorded before there were ids in it. */
static void test_a_problem_of_an_earlier_version(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        record_upgrade("/site", "failed");
        assert_int_equal(
                checkpoint_set_fact(fixture.context.checkpoint, FACT_PROBLEM,
                        "{\"code\":\"ERR_PREFLIGHT_FAILED\",\"reason\":\"disk_full\",\"message\":\"m\"}",
                        &err),
                0);
        upgrade_init(&upgrade, table, "/site");
        assert_int_equal(upgrade_load(&upgrade, fixture.context.checkpoint, &err), 0);
        assert_int_equal(upgrade.problem.reason, REASON_DISK_FULL);
        assert_null(upgrade.problem.acceptable);
}

static void apply(struct upgrade *upgrade, const struct upgrade_change *change)
{
        _cleanup_error_ struct error err = {0};
        if (upgrade_apply(upgrade, change, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static void move(struct upgrade *upgrade, enum upgrade_event event)
{
        apply(upgrade, &(struct upgrade_change){.time_ms = 5,
                               .moves = true,
                               .event = event,
                               .stage = NO_STAGE,
                               .uuid = "u",
                               .from_version = "2.16.5"});
}

static void set_stage(struct upgrade *upgrade, size_t stage, enum stage_state to)
{
        apply(upgrade, &(struct upgrade_change){.time_ms = 5, .stage = stage, .stage_state = to});
}

/* The way back counts its own time, but for a 503 page that stands already. */
static void test_downtime_of_the_way_back(void **state)
{
        static const struct {
                struct downtime before;
                enum upgrade_state state;
                bool kept;
        } cases[] = {
                {{1000, 3000, 0}, UPGRADE_FINISHED, false},
                {{1000, 0, 0}, UPGRADE_FAILED, true},
                {{1000, 3000, 0}, UPGRADE_ROLLBACK_FAILED, true},
                {{1000, 0, 500}, UPGRADE_ROLLBACK_INTERRUPTED, true},
        };
        struct checkpoint *checkpoint = fixture.context.checkpoint;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_upgrade_ struct upgrade upgrade = {0};
                struct downtime loaded;
                int64_t sequence = 0;
                const struct upgrade_change change = {
                        .moves = true, .event = EVENT_ROLLBACK, .stage = NO_STAGE, .text = "back"};
                upgrade_init(&upgrade, table, "/site");
                upgrade.state = cases[i].state;
                upgrade.downtime = cases[i].before;
                assert_int_equal(checkpoint_set_fact(checkpoint, FACT_DOWNTIME, "1000 3000 0", &err), 0);
                apply(&upgrade, &change);
                assert_int_equal(upgrade.downtime.since_ms, cases[i].kept ? 1000 : 0);
                assert_int_equal(upgrade_save(&upgrade, &change, checkpoint, &sequence, &err), 0);
                assert_int_equal(downtime_load(checkpoint, &loaded, &err), 0);
                assert_int_equal(downtime_ms(&loaded, 0), cases[i].kept ? 2000 : -1);
        }
}

static void test_how_far_the_site_is(void **state)
{
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        upgrade_init(&upgrade, table, "/site");
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_NOTHING_CHANGED);
        move(&upgrade, EVENT_START);
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_NOTHING_CHANGED);
        set_stage(&upgrade, 0, STAGE_RUNNING);
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_FILES_SWAPPED);
        set_stage(&upgrade, 0, STAGE_SUCCEEDED);
        set_stage(&upgrade, 1, STAGE_RUNNING);
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_MAUTIC_3_LIVE);
        set_stage(&upgrade, 1, STAGE_SKIPPED);
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_FILES_SWAPPED);
        move(&upgrade, EVENT_ALL_DONE);
        move(&upgrade, EVENT_ROLLBACK);
        set_stage(&upgrade, 1, STAGE_UNDONE);
        set_stage(&upgrade, 0, STAGE_UNDOING);
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_FILES_SWAPPED);
        set_stage(&upgrade, 0, STAGE_UNDONE);
        assert_int_equal(upgrade_boundary(&upgrade), BOUNDARY_NOTHING_CHANGED);
}

/* A failed undo keeps its stage's attempts and states, and tells its own code; a resume forgets the problem.
 */
static void test_the_way_back_and_a_new_start(void **state)
{
        _cleanup_error_ struct error failure = {0};
        _cleanup_upgrade_ struct upgrade upgrade = {0};
        upgrade_init(&upgrade, table, "/site");
        move(&upgrade, EVENT_START);
        set_stage(&upgrade, 0, STAGE_RUNNING);
        set_stage(&upgrade, 0, STAGE_SUCCEEDED);
        set_stage(&upgrade, 1, STAGE_RUNNING);
        move(&upgrade, EVENT_INTERRUPT);
        apply(&upgrade,
                &(struct upgrade_change){
                        .moves = true, .event = EVENT_ROLLBACK, .stage = NO_STAGE, .files_only = true});
        assert_int_equal(upgrade.current, 1);
        assert_true(upgrade.files_only);
        set_stage(&upgrade, 1, STAGE_UNDOING);
        set_stage(&upgrade, 1, STAGE_UNDONE);
        set_stage(&upgrade, 0, STAGE_UNDOING);
        (void)error_set(&failure, REASON_DISK_FULL, "no room");
        apply(&upgrade, &(struct upgrade_change){.moves = true,
                                .event = EVENT_STAGE_FAILED,
                                .stage = 0,
                                .stage_state = STAGE_UNDOING,
                                .error = &failure});
        assert_int_equal(upgrade.state, UPGRADE_ROLLBACK_FAILED);
        assert_int_equal(upgrade.problem.code, ERR_ROLLBACK_FAILED);
        assert_int_equal(upgrade.problem.reason, REASON_DISK_FULL);
        assert_int_equal(upgrade.stages[0].state, STAGE_UNDOING);
        assert_int_equal(upgrade.stages[0].attempts, 1);
        assert_int_equal(upgrade_next_to_undo(&upgrade), 0);

        move(&upgrade, EVENT_ROLLBACK);
        assert_int_equal(upgrade.problem.code, ERR_NONE);
        assert_true(upgrade.files_only); /* once decided, it stays */
        set_stage(&upgrade, 0, STAGE_UNDONE);
        assert_int_equal(upgrade_next_to_undo(&upgrade), 2);
        move(&upgrade, EVENT_ALL_DONE);
        assert_int_equal(upgrade.state, UPGRADE_ROLLED_BACK);
        assert_int_equal(upgrade.current, 2);

        move(&upgrade, EVENT_START);
        assert_false(upgrade.files_only);
        assert_int_equal(upgrade.current, 0);
        assert_int_equal(upgrade.finished_ms, 0);
        for (size_t i = 0; i < 2; i++) {
                assert_int_equal(upgrade.stages[i].state, STAGE_PENDING);
                assert_int_equal(upgrade.stages[i].attempts, 0);
                assert_null(upgrade.stages[i].message);
        }
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
                TEST(test_start_remembers_scratch_schemas),
                TEST(test_a_problem_that_makes_no_sense),
                TEST(test_a_problem_of_an_earlier_version),
                TEST(test_downtime_of_the_way_back),
                TEST(test_how_far_the_site_is),
                TEST(test_the_way_back_and_a_new_start),
                TEST(test_an_event_out_of_place_is_refused),
        };
        return cmocka_run_group_tests_name("upgrade", tests, NULL, NULL);
}
