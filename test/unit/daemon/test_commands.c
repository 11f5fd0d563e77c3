/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What drives the upgrade, its backup and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api_fixture.h"

static void test_commands_drive(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *started = call(fixture, "POST", "/v1/start",
                "{\"accept_warnings\": [\"php_version\", \"disk_space\"]}", &code);
        assert_int_equal(code, 202);
        assert_string_equal(text_of(started, "state"), "running");
        json_auto_t *refused = call(fixture, "POST", "/v1/start", NULL, &code);
        json_auto_t *allowed = json_pack("[s]", "cancel");
        assert_int_equal(code, 409);
        assert_string_equal(text_of(refused, "reason"), "refused_in_state");
        assert_true(json_equal(json_object_get(refused, "allowed"), allowed));
        fixture->fake.state = UPGRADE_FAILED;
        json_auto_t *resumed = call(fixture, "POST", "/v1/resume", "{}", &code);
        assert_int_equal(code, 202);
        assert_string_equal(text_of(resumed, "command"), "resume");
        assert_string_equal(fixture->fake.commands, "start php_version,disk_space;resume;");
}

static void test_the_way_back(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *early = call(fixture, "POST", "/v1/rollback", NULL, &code);
        json_auto_t *allowed = json_pack("[s]", "start");
        assert_int_equal(code, 409);
        assert_string_equal(text_of(early, "reason"), "refused_in_state");
        assert_true(json_equal(json_object_get(early, "allowed"), allowed));
        json_auto_t *nothing = call(fixture, "POST", "/v1/clean", NULL, &code);
        assert_int_equal(code, 409);
        assert_non_null(nothing);

        fixture->fake.state = UPGRADE_FINISHED;
        json_auto_t *back = call(fixture, "POST", "/v1/rollback", NULL, &code);
        assert_int_equal(code, 202);
        assert_string_equal(text_of(back, "command"), "rollback");
        assert_string_equal(text_of(back, "state"), "rolling_back");
        assert_int_equal(json_integer_value(json_object_get(back, "last_event")), 1);
        json_auto_t *busy = call(fixture, "POST", "/v1/rollback", "{}", &code);
        json_auto_t *cancel = json_pack("[s]", "cancel");
        assert_int_equal(code, 409);
        assert_true(json_equal(json_object_get(busy, "allowed"), cancel));

        fixture->fake.state = UPGRADE_FAILED;
        json_auto_t *files = call(fixture, "POST", "/v1/rollback", "{\"files_only\": true}", &code);
        assert_int_equal(code, 202);
        assert_non_null(files);
        fixture->fake.state = UPGRADE_ROLLED_BACK;
        json_auto_t *cleaned = call(fixture, "POST", "/v1/clean", NULL, &code);
        assert_int_equal(code, 202);
        assert_string_equal(text_of(cleaned, "state"), "cleaning");
        assert_string_equal(fixture->fake.commands, "rollback;rollback files_only;clean;");
}

static void record_backup(struct fixture *fixture, const char *path)
{
        struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        const struct artifact_record backup = {
                .name = (char *)ARTIFACT_BACKUP, .path = (char *)path, .size = 4, .sha256 = (char *)"ab"};
        assert_int_equal(checkpoint_open(fixture->state_path, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_save_artifact(checkpoint, &backup, &err), 0);
        assert_int_equal(checkpoint_set_fact(checkpoint, FACT_BACKUP_VERIFICATION,
                                 "{\"verdict\": \"structure_only\"}", &err),
                0);
        assert_int_equal(checkpoint_set_fact(checkpoint, FACT_DATABASE_TOUCHED, "yes", &err), 0);
}

static void test_backup(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        unsigned code;
        _cleanup_free_ char *path = string_format("%s/dump", fixture->state_path);
        _cleanup_close_ int fd = open(fixture->state_path, O_RDONLY | O_DIRECTORY);
        json_auto_t *none = call(fixture, "GET", "/v1/backup", NULL, &code);
        assert_int_equal(code, 404);
        assert_string_equal(text_of(none, "reason"), "not_found");
        record_backup(fixture, path);
        json_auto_t *gone = call(fixture, "GET", "/v1/backup", NULL, &code);
        assert_int_equal(code, 200);
        assert_non_null(strstr(text_of(gone, "problem"), "is not there"));
        assert_int_equal(file_write_atomic(fd, "dump", "four", 4, 0600, &err), 0);
        json_auto_t *whole = call(fixture, "GET", "/v1/backup", NULL, &code);
        assert_true(json_is_null(json_object_get(whole, "problem")));
        assert_string_equal(text_of(whole, "path"), path);
        assert_int_equal(json_integer_value(json_object_get(whole, "size")), 4);
        assert_string_equal(text_of(json_object_get(whole, "verification"), "verdict"), "structure_only");
        assert_int_equal(file_write_atomic(fd, "dump", "fives", 5, 0600, &err), 0);
        json_auto_t *grown = call(fixture, "GET", "/v1/backup", NULL, &code);
        assert_non_null(strstr(text_of(grown, "problem"), "5 bytes"));
}

static void test_backup_verify(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *none = call(fixture, "POST", "/v1/backup/verify", NULL, &code);
        assert_int_equal(code, 409);
        assert_string_equal(text_of(none, "reason"), "backup_missing");
        fixture->fake.state = UPGRADE_RUNNING;
        json_auto_t *busy = call(fixture, "POST", "/v1/backup/verify", NULL, &code);
        json_auto_t *allowed = json_pack("[s]", "cancel");
        assert_int_equal(code, 409);
        assert_true(json_equal(json_object_get(busy, "allowed"), allowed));
        fixture->fake.state = UPGRADE_FINISHED;
        json_auto_t *verification = call(fixture, "POST", "/v1/backup/verify", NULL, &code);
        assert_int_equal(code, 200);
        assert_string_equal(text_of(verification, "verdict"), "failed");
        assert_int_equal(json_integer_value(json_object_get(verification, "tables")), 3);
        assert_string_equal(fixture->fake.commands, "verify;");
}

static void test_prefetch(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *before = call(fixture, "GET", "/v1/status", NULL, &code);
        assert_true(json_is_null(json_object_get(before, "prefetch")));
        json_auto_t *nothing = call(fixture, "POST", "/v1/prefetch/cancel", NULL, &code);
        assert_int_equal(code, 409);
        assert_string_equal(text_of(nothing, "reason"), "refused_in_state");
        json_auto_t *taken = call(fixture, "POST", "/v1/prefetch", NULL, &code);
        assert_int_equal(code, 202);
        assert_string_equal(text_of(taken, "state"), "running");
        json_auto_t *progress = json_pack("{s:i, s:n, s:s}", "done", 3, "total", "unit", "bytes");
        assert_true(json_equal(json_object_get(taken, "progress"), progress));
        json_auto_t *stopped = call(fixture, "POST", "/v1/prefetch/cancel", NULL, &code);
        assert_int_equal(code, 202);
        assert_string_equal(text_of(stopped, "state"), "stopped");
        fixture->fake.state = UPGRADE_FINISHED;
        json_auto_t *late = call(fixture, "POST", "/v1/prefetch", NULL, &code);
        assert_int_equal(code, 409);
        assert_string_equal(text_of(late, "reason"), "refused_in_state");
        assert_string_equal(fixture->fake.commands, "prefetch;");
}

static void test_what_the_way_back_means(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *idle = call(fixture, "GET", "/v1/rollback", NULL, &code);
        json_auto_t *allowed = json_pack("[s]", "start");
        assert_int_equal(code, 409);
        assert_true(json_equal(json_object_get(idle, "allowed"), allowed));
        assert_non_null(strstr(text_of(idle, "detail"), "no upgrade has been started"));
        json_auto_t *early = call(fixture, "GET", "/v1/clean", NULL, &code);
        assert_int_equal(code, 409);
        assert_non_null(early);

        fixture->fake.state = UPGRADE_FAILED;
        record_backup(fixture, "/nonexistent/dump");
        json_auto_t *preview = call(fixture, "GET", "/v1/rollback", NULL, &code);
        assert_int_equal(code, 200);
        const json_t *stages_told = json_object_get(preview, "stages");
        assert_int_equal(json_array_size(stages_told), 1); /* the one that was begun */
        assert_string_equal(text_of(json_array_get(stages_told, 0), "name"), "preflight");
        const json_t *database = json_object_get(preview, "database");
        assert_true(json_is_true(json_object_get(database, "restored")));
        assert_true(json_is_null(json_object_get(database, "tables")));
        const char *warning = json_string_value(json_array_get(json_object_get(preview, "warnings"), 0));
        assert_non_null(warning);
        assert_non_null(strstr(warning, "/nonexistent/dump is not there"));
        assert_true(json_is_null(json_object_get(json_object_get(preview, "files"), "since")));
        assert_string_equal(text_of(json_object_get(preview, "boundary"), "id"), "nothing_changed");
        assert_string_equal(fixture->fake.commands, "");
}

static void test_schema(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *plan = call(fixture, "POST", "/v1/schema/dump-sql", "{\"complete\": true}", &code);
        assert_int_equal(code, 200);
        assert_string_equal(text_of(plan, "plan"), "p1");
        assert_string_equal(text_of(plan, "database"), "shop");
        assert_string_equal(text_of(plan, "migrations_table"), "mtc_migrations");
        assert_int_equal(json_array_size(json_object_get(plan, "statements")), 2);
        json_t *drop = json_array_get(json_object_get(plan, "drops"), 0);
        assert_string_equal(text_of(drop, "kind"), "column");
        assert_string_equal(text_of(drop, "table"), "leads");
        assert_string_equal(text_of(drop, "name"), "by_hand");
        assert_string_equal(text_of(json_object_get(plan, "backup"), "path"), "/state/dump");
        json_auto_t *wrong =
                call(fixture, "POST", "/v1/schema/force", "{\"plan\": \"p1\", \"confirm\": \"yes\"}", &code);
        assert_int_equal(code, 409);
        assert_string_equal(text_of(wrong, "reason"), "confirmation_wrong");
        json_auto_t *done =
                call(fixture, "POST", "/v1/schema/force", "{\"plan\": \"p1\", \"confirm\": \"shop\"}", &code);
        assert_int_equal(code, 200);
        assert_int_equal(json_integer_value(json_object_get(done, "executed")), 2);
        json_auto_t *bare = call(fixture, "POST", "/v1/schema/dump-sql", NULL, &code);
        assert_int_equal(code, 200);
        assert_true(json_is_false(json_object_get(bare, "complete")));
        assert_string_equal(fixture->fake.commands, "schema complete;schema p1 yes;schema p1 shop;schema;");
}

static void test_bodies_that_confirm_nothing(void **state)
{
        static const struct {
                const char *path, *body;
                unsigned status;
        } cases[] = {
                {"/v1/schema/force", NULL, 409},
                {"/v1/schema/force", "{}", 409},
                {"/v1/schema/force", "{\"plan\": \"p1\"}", 409},
                {"/v1/schema/force", "{\"confirm\": \"shop\"}", 409},
                {"/v1/schema/force", "{\"plan\": \"p1\", \"confirm\": true}", 400},
                {"/v1/schema/force", "{\"plan\": \"p1\", \"confirm\": \"shop\\u0000x\"}", 400},
                {"/v1/schema/force", "{\"plan\": \"p1\", \"confirm\": \"shop\", \"yes\": true}", 400},
                {"/v1/schema/force", "{\"complete\": 1, \"plan\": \"p1\", \"confirm\": \"shop\"}", 400},
                {"/v1/schema/dump-sql", "{\"confirm\": \"shop\"}", 400},
                {"/v1/schema/dump-sql", "[]", 400},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                unsigned code;
                json_auto_t *problem = call(fixture, "POST", cases[i].path, cases[i].body, &code);
                if (code != cases[i].status)
                        fail_msg("%s: %u, %s", cases[i].body, code, text_of(problem, "detail"));
        }
        assert_string_equal(fixture->fake.commands, "");
}

static void test_limits_of_acceptance(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        struct buffer body = {0};
        buffer_append_string(&body, "{\"accept_warnings\":[\"a\"");
        for (int i = 0; i < 100; i++)
                buffer_append_string(&body, ",\"a\"");
        buffer_append_string(&body, "]}");
        json_auto_t *many = call(fixture, "POST", "/v1/start", body.data, &code);
        assert_int_equal(code, 400);
        assert_non_null(many);
        buffer_deinit(&body);
        buffer_append_format(&body, "{\"accept_warnings\":[\"%065d\"]}", 1);
        json_auto_t *lengthy = call(fixture, "POST", "/v1/start", body.data, &code);
        assert_int_equal(code, 400);
        assert_non_null(lengthy);
        buffer_deinit(&body);
        /* Deep nesting ends in an error, not in a deep recursion. */
        for (int i = 0; i < 60000; i++)
                buffer_append(&body, "[", 1);
        json_auto_t *deep = call(fixture, "POST", "/v1/start", body.data, &code);
        assert_int_equal(code, 400);
        assert_non_null(deep);
        buffer_deinit(&body);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_commands_drive),
                TEST(test_the_way_back),
                TEST(test_backup),
                TEST(test_backup_verify),
                TEST(test_prefetch),
                TEST(test_what_the_way_back_means),
                TEST(test_schema),
                TEST(test_bodies_that_confirm_nothing),
                TEST(test_limits_of_acceptance),
        };
        return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
