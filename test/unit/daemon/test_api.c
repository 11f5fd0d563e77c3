/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and the status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api_fixture.h"

static void test_status_of_an_idle_site(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *status = call(fixture, "GET", "/v1/status", NULL, &code);
        assert_int_equal(code, 200);
        assert_string_equal(text_of(status, "program"), "mautic-upgraded");
        assert_string_equal(text_of(status, "site"), "shop");
        assert_string_equal(text_of(status, "state"), "idle");
        assert_string_equal(text_of(status, "root"), "/srv/g\xef\xbf\xbdltig");
        assert_true(json_is_null(json_object_get(status, "error")));
        assert_true(json_is_null(json_object_get(status, "progress")));
        assert_true(json_is_null(json_object_get(status, "started_at")));
        assert_true(json_is_null(json_object_get(status, "stage")));
        assert_int_equal(json_integer_value(json_object_get(status, "stages_done")), 1);
        assert_int_equal(json_integer_value(json_object_get(status, "stages_total")), 2);
        json_auto_t *allowed = json_pack("[s]", "start");
        assert_true(json_equal(json_object_get(status, "allowed"), allowed));
}

static void test_status_of_a_running_stage(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        fixture->fake.state = UPGRADE_RUNNING;
        json_auto_t *status = call(fixture, "GET", "/v1/status", NULL, &code);
        json_auto_t *progress = json_pack("{s:i, s:i, s:s, s:i, s:i}", "done", 10, "total", 40, "unit",
                "bytes", "rate_per_second", 5, "eta_seconds", 6);
        json_auto_t *allowed = json_pack("[s]", "cancel");
        assert_true(json_equal(json_object_get(status, "progress"), progress));
        assert_true(json_equal(json_object_get(status, "allowed"), allowed));
        assert_string_equal(text_of(status, "title"), "Back up the database");
        assert_true(json_is_true(json_object_get(status, "may_drive")));
        assert_true(json_real_value(json_object_get(status, "elapsed_seconds")) > 1000);
        const json_t *stage = json_array_get(json_object_get(status, "stages"), 0);
        assert_string_equal(text_of(stage, "name"), "preflight");
        assert_true(json_real_value(json_object_get(stage, "elapsed_seconds")) == 1.5);
        assert_true(json_is_null(
                json_object_get(json_array_get(json_object_get(status, "stages"), 1), "elapsed_seconds")));
        assert_string_equal(text_of(status, "started_at"), "1970-01-01T00:00:01.000Z");
}

static void test_status_of_a_failed_stage(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        fixture->fake.state = UPGRADE_FAILED;
        fixture->fake.with_error = true;
        json_auto_t *status = call(fixture, "GET", "/v1/status", NULL, &code);
        const json_t *error = json_object_get(status, "error");
        assert_string_equal(text_of(error, "code"), "ERR_DATABASE_BACKUP_FAILED");
        assert_string_equal(text_of(error, "reason"), "disk_full");
        assert_string_equal(text_of(error, "message"), "writing \xef\xbf\xbd: No space left on device");
        assert_string_equal(text_of(error, "advice"), error_code_advice(ERR_DATABASE_BACKUP_FAILED));
        assert_string_equal(text_of(error, "next"), reason_advice(REASON_DISK_FULL));
        assert_string_equal(
                text_of(error, "link"), "http://mau.tc/m3-upgrade-error#err_database_backup_failed");
        assert_string_equal(text_of(error, "anchor"), "err_database_backup_failed");
        json_auto_t *acceptable = json_pack("[s, s]", "one", "two");
        assert_true(json_equal(json_object_get(error, "acceptable"), acceptable));
        json_auto_t *allowed = json_pack("[s, s]", "resume", "rollback");
        assert_true(json_equal(json_object_get(status, "allowed"), allowed));
}

static void test_status_on_the_way_back(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        fixture->fake.state = UPGRADE_ROLLING_BACK;
        fixture->fake.boundary = BOUNDARY_FILES_SWAPPED;
        fixture->fake.files_only = true;
        fixture->fake.verification = "{\"verdict\": \"verified\", \"rows\": 7}";
        json_auto_t *status = call(fixture, "GET", "/v1/status", NULL, &code);
        const json_t *boundary = json_object_get(status, "boundary");
        assert_string_equal(text_of(boundary, "id"), "files_being_swapped");
        assert_string_equal(text_of(boundary, "meaning"), boundary_meaning(BOUNDARY_FILES_SWAPPED));
        assert_true(json_is_true(json_object_get(status, "files_only")));
        assert_string_equal(text_of(json_object_get(status, "backup"), "verdict"), "verified");
        assert_true(json_is_object(json_object_get(status, "progress")));
        fixture->fake.verification = "not JSON";
        json_auto_t *damaged = call(fixture, "GET", "/v1/status", NULL, &code);
        assert_int_equal(code, 200);
        assert_true(json_is_null(json_object_get(damaged, "backup")));
        fixture->fake.verification = NULL;
        json_auto_t *none = call(fixture, "GET", "/v1/status", NULL, &code);
        assert_true(json_is_null(json_object_get(none, "backup")));
}

static void test_what_each_state_allows(void **state)
{
        static const char *const allowed[] = {
                [UPGRADE_IDLE] = "start",
                [UPGRADE_RUNNING] = "cancel",
                [UPGRADE_FAILED] = "resume rollback",
                [UPGRADE_INTERRUPTED] = "resume rollback",
                [UPGRADE_FINISHED] = "clean rollback",
                [UPGRADE_ROLLING_BACK] = "cancel",
                [UPGRADE_ROLLBACK_FAILED] = "resume rollback",
                [UPGRADE_ROLLBACK_INTERRUPTED] = "resume rollback",
                [UPGRADE_ROLLED_BACK] = "clean start",
                [UPGRADE_CLEANING] = "cancel",
                [UPGRADE_CLEAN_FAILED] = "clean resume",
                [UPGRADE_CLEAN_INTERRUPTED] = "clean resume",
                [UPGRADE_CLEANED] = "start",
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
                unsigned code;
                fixture->fake.state = (enum upgrade_state)i;
                json_auto_t *status = call(fixture, "GET", "/v1/status", NULL, &code);
                assert_string_equal(text_of(status, "state"), upgrade_state_name((enum upgrade_state)i));
                _cleanup_buffer_ struct buffer seen = {0};
                size_t at;
                json_t *word;
                json_array_foreach(json_object_get(status, "allowed"), at, word)
                        buffer_append_format(&seen, "%s%s", at ? " " : "", json_string_value(word));
                assert_string_equal(seen.data ? seen.data : "", allowed[i]);
        }
}

static void test_requests_that_are_refused(void **state)
{
        static const struct {
                const char *method, *target, *body, *content_type, *origin;
                bool stranger;
                unsigned status;
                const char *allow;
                const char *detail; /* a part of it */
        } cases[] = {
                {"GET", "/v1/statu", NULL, NULL, NULL, false, 404, NULL, "/v1/statu"},
                {"GET", "/v1/status/", NULL, NULL, NULL, false, 404, NULL, "/v1/status/"},
                {"GET", "/v1/errors/", NULL, NULL, NULL, false, 404, NULL, "/v1/errors/"},
                {"GET", "/v1/errors/ERR_/x", NULL, NULL, NULL, false, 404, NULL, "there is no"},
                {"GET", "/v1/errors/ERR_NOPE", NULL, NULL, NULL, false, 404, NULL, "ERR_NOPE"},
                {"GET", "/v1/errors/ERR_NONE", NULL, NULL, NULL, false, 404, NULL, "ERR_NONE"},
                {"POST", "/v1/status", NULL, NULL, NULL, false, 405, "GET, HEAD", "does not take POST"},
                {"GET", "/v1/start", NULL, NULL, NULL, false, 405, "POST", "does not take GET"},
                {"PUT", "/v1/preflight", NULL, NULL, NULL, false, 405, "GET, HEAD, POST", "PUT"},
                {"get", "/v1/status", NULL, NULL, NULL, false, 405, "GET, HEAD", "get"},
                {"GET", "/v1/status?x=1", NULL, NULL, NULL, false, 400, NULL, "parameter x"},
                {"GET", "/v1/status?after wait=1", NULL, NULL, NULL, false, 400, NULL, "after wait"},
                {"GET", "/v1/status?=1", NULL, NULL, NULL, false, 400, NULL, "parameter"},
                {"GET", "/v1/status?wait=61", NULL, NULL, NULL, false, 400, NULL, "from 0 to 60"},
                {"GET", "/v1/status?wait=", NULL, NULL, NULL, false, 400, NULL, "from 0 to 60"},
                {"GET", "/v1/status?wait", NULL, NULL, NULL, false, 400, NULL, "without a value"},
                {"GET", "/v1/events?after=-1", NULL, NULL, NULL, false, 400, NULL, "after"},
                {"GET", "/v1/events?after=99999999999999999999", NULL, NULL, NULL, false, 400, NULL, "after"},
                {"GET", "/v1/events?limit=0", NULL, NULL, NULL, false, 400, NULL, "limit"},
                {"GET", "/v1/events?limit=1001", NULL, NULL, NULL, false, 400, NULL, "limit"},
                {"GET", "/v1/log?lines=1x", NULL, NULL, NULL, false, 400, NULL, "lines"},
                {"GET", "/v1/events?limit=1&limit=1&limit=1&limit=1&limit=1&limit=1&limit=1&limit=1&limit=1",
                        NULL, NULL, NULL, false, 400, NULL, "more than"},
                {"POST", "/v1/start", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"POST", "/v1/preflight", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"POST", "/v1/start", NULL, NULL, "http://evil.example", false, 403, NULL, "web page"},
                {"POST", "/v1/start", "{}", NULL, NULL, false, 415, NULL, "Content-Type"},
                {"POST", "/v1/start", "{}", "text/plain", NULL, false, 415, NULL, "application/json"},
                {"POST", "/v1/start", "{}", "application/jsonx", NULL, false, 415, NULL, "application/json"},
                {"POST", "/v1/start", NULL, "application/x-www-form-urlencoded", NULL, false, 415, NULL,
                        "json"},
                {"POST", "/v1/start", NULL, NULL, NULL, false, 415, NULL, "Content-Type"},
                {"POST", "/v1/cancel", "{\"now\": 1}", "application/json", NULL, false, 400, NULL,
                        "takes no body"},
                {"POST", "/v1/cancel", "[]", "application/json", NULL, false, 400, NULL, "takes no body"},
                {"POST", "/v1/cancel", "{}", "application/json", NULL, false, 409, NULL, "cancel is refused"},
                {"GET", "/v1/status", "{}", "application/json", NULL, false, 400, NULL, "takes no body"},
                {"POST", "/v1/start", "{", "application/json", NULL, false, 400, NULL, "line 1"},
                {"POST", "/v1/rollback", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"POST", "/v1/rollback", NULL, NULL, "http://evil.example", false, 403, NULL, "web page"},
                {"POST", "/v1/rollback", "[true]", "application/json", NULL, false, 400, NULL, "object"},
                {"POST", "/v1/rollback", "{\"files_only\":1}", "application/json", NULL, false, 400, NULL,
                        "files_only"},
                {"POST", "/v1/rollback", "{\"files_only\":null}", "application/json", NULL, false, 400, NULL,
                        "files_only"},
                {"POST", "/v1/rollback", "{\"database\":false}", "application/json", NULL, false, 400, NULL,
                        "member database"},
                {"POST", "/v1/clean", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"POST", "/v1/prefetch", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"POST", "/v1/prefetch/cancel", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"GET", "/v1/prefetch", NULL, NULL, NULL, false, 405, "POST", "does not take GET"},
                {"POST", "/v1/backup/verify", NULL, NULL, NULL, true, 403, NULL, "only root"},
                {"POST", "/v1/backup/verify", "{\"x\":1}", "application/json", NULL, false, 400, NULL,
                        "no body"},
                {"POST", "/v1/backup", NULL, NULL, NULL, false, 405, "GET, HEAD", "does not take POST"},
                {"PUT", "/v1/rollback", NULL, NULL, NULL, false, 405, "GET, HEAD, POST", "PUT"},
                {"GET", "/v1/rollback?files_only=1", NULL, NULL, NULL, false, 400, NULL, "files_only"},
                {"POST", "/v1/clean", "{", "application/json", NULL, false, 400, NULL, "takes no body"},
                {"POST", "/v1/start", "[]", "application/json", NULL, false, 400, NULL, "object"},
                {"POST", "/v1/start", "{} x", "application/json", NULL, false, 400, NULL, "not JSON"},
                {"POST", "/v1/start", "{\"accept_warning\":[]}", "application/json", NULL, false, 400, NULL,
                        "accept_warning "},
                {"POST", "/v1/start", "{\"accept_warnings\":\"a\"}", "application/json", NULL, false, 400,
                        NULL, "list"},
                {"POST", "/v1/start", "{\"accept_warnings\":[1]}", "application/json", NULL, false, 400, NULL,
                        "id"},
                {"POST", "/v1/start", "{\"accept_warnings\":[\"\"]}", "application/json", NULL, false, 400,
                        NULL, "id"},
                {"POST", "/v1/start", "{\"accept_warnings\":[],\"accept_warnings\":[]}", "application/json",
                        NULL, false, 400, NULL, "not JSON"},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *target = string_copy(cases[i].target);
                _cleanup_api_reply_ struct api_reply reply = {0};
                struct api_request request = {.method = cases[i].method,
                        .may_drive = !cases[i].stranger,
                        .has_body = cases[i].body != NULL,
                        .body = cases[i].body,
                        .body_size = cases[i].body ? strlen(cases[i].body) : 0,
                        .content_type = cases[i].content_type,
                        .origin = cases[i].origin};
                set_target(&request, target);
                serve(fixture, &request, &reply);
                json_auto_t *problem = json_loads(reply.body.data, 0, NULL);
                if (reply.status != cases[i].status || !strstr(text_of(problem, "detail"), cases[i].detail))
                        fail_msg("%s %s: %u %s", cases[i].method, cases[i].target, reply.status,
                                reply.body.data);
                assert_string_equal(reply.content_type, "application/problem+json");
                assert_int_equal(json_integer_value(json_object_get(problem, "status")), cases[i].status);
                assert_string_equal(text_of(problem, "type"), "about:blank");
                assert_true(string_equal(reply.allow, cases[i].allow));
        }
        assert_string_equal(fixture->fake.commands, "");
}

static void test_only_an_own_page_drives(void **state)
{
        static const struct {
                const char *origin, *host, *forwarded_host, *fetch_site;
                unsigned status; /* 403: for this reason alone, whatever the user may */
        } cases[] = {
                {NULL, "localhost", NULL, NULL, 202},
                {NULL, "localhost", NULL, "none", 202},
                {"http://localhost", "localhost", NULL, "same-origin", 202},
                {"http://LOCALHOST:80", "localhost", NULL, NULL, 202},
                {"https://example.org", "example.org:443", NULL, NULL, 202},
                {"http://127.0.0.1:8443", "127.0.0.1:8443", NULL, NULL, 202},
                {"http://[::1]:8443", "[::1]:8443", NULL, NULL, 202},
                {"https://example.org", "localhost", "example.org", "same-origin", 202},
                {"https://example.org", "localhost", "inner, example.org", NULL, 202},
                {"https://example.org", "localhost", NULL, NULL, 403},
                {"https://example.org", "localhost", "inner,other", NULL, 403},
                {"https://example.org", "example.org:80", NULL, NULL, 403},
                {"https://example.org:8443", "example.org", NULL, NULL, 403},
                {"https://example.org", "example.organ", NULL, NULL, 403},
                {"https://example.organ", "example.org", NULL, NULL, 403},
                {"https://example.org", NULL, NULL, NULL, 403},
                {"https://", "", "", NULL, 403},
                {"null", "null", "null", NULL, 403},
                {"", "", NULL, NULL, 403},
                {"file://localhost", "localhost", NULL, NULL, 403},
                {"http://localhost", "localhost", NULL, "cross-site", 403},
                {"http://localhost", "localhost", NULL, "same-site", 403},
                {NULL, "localhost", NULL, "cross-site", 403},
                {NULL, "localhost", NULL, "", 403},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_api_reply_ struct api_reply reply = {0};
                struct api_request request = {.method = "POST",
                        .path = "/v1/start",
                        .may_drive = true,
                        .content_type = "Application/JSON; charset=utf-8",
                        .origin = cases[i].origin,
                        .host = cases[i].host,
                        .forwarded_host = cases[i].forwarded_host,
                        .fetch_site = cases[i].fetch_site};
                fixture->fake.state = UPGRADE_IDLE;
                fixture->fake.commands[0] = '\0';
                serve(fixture, &request, &reply);
                if (reply.status != cases[i].status)
                        fail_msg("case %zu: %u %s", i, reply.status, reply.body.data);
                assert_string_equal(fixture->fake.commands, reply.status == 202 ? "start;" : "");
                if (reply.status == 403)
                        assert_non_null(strstr(reply.body.data, "\"reason\":\"origin_foreign\""));
        }
}

static void test_errors_and_routes_are_whole_and_sorted(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        size_t i;
        json_t *item;
        const char *before = "", *method, *path, *text;
        json_auto_t *errors = call(fixture, "GET", "/v1/errors", NULL, &code);
        assert_int_equal(json_array_size(json_object_get(errors, "errors")), 13);
        json_array_foreach(json_object_get(errors, "errors"), i, item)
        {
                _cleanup_free_ char *target = string_format("/v1/errors/%s", text_of(item, "code"));
                json_auto_t *one = call(fixture, "GET", target, NULL, &code);
                assert_true(json_equal(one, item));
        }
        for (i = 0; api_describe(i, &method, &path, &text); i++) {
                assert_true(strcmp(before, path) <= 0);
                before = path;
        }
        json_auto_t *routes = call(fixture, "GET", "/v1", NULL, &code);
        assert_int_equal(json_array_size(json_object_get(routes, "routes")), i);
}

static void test_head_is_answered_as_get(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *status = call(fixture, "HEAD", "/v1/status", NULL, &code);
        assert_int_equal(code, 200);
        assert_non_null(status);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_status_of_an_idle_site),
                TEST(test_status_of_a_running_stage),
                TEST(test_status_of_a_failed_stage),
                TEST(test_status_on_the_way_back),
                TEST(test_what_each_state_allows),
                TEST(test_requests_that_are_refused),
                TEST(test_only_an_own_page_drives),
                TEST(test_errors_and_routes_are_whole_and_sorted),
                TEST(test_head_is_answered_as_get),
        };
        return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
