/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/api.h"

#include "fake_upgrade.h"
#include "lib/checkpoint.h"
#include "lib/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

struct fixture {
        char folder[32];
        char *state_path, *root;
        struct config config;
        struct cancel cancel;
        struct fake_upgrade fake;
        struct api *api;
};

static int set_up(void **state)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        struct error err = {0};
        strcpy(fixture->folder, "/tmp/test-api-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        fixture->state_path = string_format("%s/state", fixture->folder);
        fixture->root = string_format("%s/root", fixture->folder);
        assert_int_equal(mkdir(fixture->state_path, 0700), 0);
        assert_int_equal(mkdir(fixture->root, 0700), 0);
        config_init(&fixture->config);
        fixture->config.root = string_copy(fixture->root);
        assert_int_equal(cancel_init(&fixture->cancel, &err), 0);
        const struct api_options options = {
                .config = &fixture->config,
                .site = "shop",
                .state_path = fixture->state_path,
                .upgrade = fake_api(&fixture->fake),
                .cancel = &fixture->cancel,
        };
        fixture->api = api_new(&options);
        *state = fixture;
        return 0;
}

static int tear_down(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        api_free(fixture->api);
        cancel_deinit(&fixture->cancel);
        config_deinit(&fixture->config);
        _cleanup_close_ int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
        assert_int_equal(tree_remove(fd, fixture->folder + strlen("/tmp/"), &err), 0);
        free(fixture->state_path);
        free(fixture->root);
        free(fixture);
        return 0;
}

/* "/path?name=value&name" becomes path and query, in place. */
static void set_target(struct api_request *request, char *target)
{
        char *query = strchr(target, '?');
        request->path = target;
        if (!query)
                return;
        *query++ = '\0';
        for (char *part; (part = strsep(&query, "&"));) {
                char *value = strchr(part, '=');
                if (value)
                        *value++ = '\0';
                if (request->query_count < API_QUERY_LIMIT) {
                        request->query[request->query_count].name = part;
                        request->query[request->query_count].value = value;
                }
                request->query_count++;
        }
}

static void serve(struct fixture *fixture, struct api_request *request, struct api_reply *reply)
{
        if (api_begin(fixture->api, request, reply) == API_WORK)
                api_work(fixture->api, request, reply);
}

/* method and target as one word each; body NULL: none. */
static json_t *call(struct fixture *fixture, const char *method, const char *target, const char *body,
        unsigned *ret_status)
{
        _cleanup_free_ char *copy = string_copy(target);
        _cleanup_api_reply_ struct api_reply reply = {0};
        struct api_request request = {.method = method,
                .may_drive = true,
                .has_body = body != NULL,
                .body = body,
                .body_size = body ? strlen(body) : 0,
                .content_type = "application/json"};
        set_target(&request, copy);
        serve(fixture, &request, &reply);
        *ret_status = reply.status;
        json_t *json = json_loads(reply.body.data ? reply.body.data : "", 0, NULL);
        return json;
}

static const char *text_of(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));
        return text ? text : "(none)";
}

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

static void add_event(struct checkpoint *checkpoint, int64_t time_ms, const char *text, const char *fields)
{
        struct error err = {0};
        int64_t sequence;
        const struct event_record event = {.time_ms = time_ms,
                .type = (char *)"log",
                .level = (char *)"info",
                .stage = (char *)"preflight",
                .text = (char *)text,
                .fields = (char *)fields};
        assert_int_equal(checkpoint_add_event(checkpoint, &event, &sequence, &err), 0);
}

static void add_events(struct fixture *fixture)
{
        struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        assert_int_equal(checkpoint_open(fixture->state_path, &checkpoint, &err), 0);
        add_event(checkpoint, 1000, "first", "{\"files\": 3}");
        add_event(checkpoint, 2000, "second\nline", NULL);
        add_event(checkpoint, 3000, "third", NULL);
        fixture->fake.last_sequence = 3;
}

static void test_events(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *none = call(fixture, "GET", "/v1/events", NULL, &code);
        assert_int_equal(code, 200);
        assert_int_equal(json_array_size(json_object_get(none, "events")), 0);
        assert_int_equal(json_integer_value(json_object_get(none, "last")), 0);
        add_events(fixture);
        json_auto_t *page = call(fixture, "GET", "/v1/events?limit=2", NULL, &code);
        assert_int_equal(json_array_size(json_object_get(page, "events")), 2);
        assert_int_equal(json_integer_value(json_object_get(page, "last")), 2);
        const json_t *first = json_array_get(json_object_get(page, "events"), 0);
        assert_string_equal(text_of(first, "text"), "first");
        assert_string_equal(text_of(first, "time"), "1970-01-01T00:00:01.000Z");
        assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "fields"), "files")), 3);
        json_auto_t *rest = call(fixture, "GET", "/v1/events?after=2", NULL, &code);
        assert_int_equal(json_array_size(json_object_get(rest, "events")), 1);
        json_auto_t *beyond = call(fixture, "GET", "/v1/events?after=7", NULL, &code);
        assert_int_equal(json_integer_value(json_object_get(beyond, "last")), 7);
}

static void test_event_stream(void **state)
{
        static const struct {
                const char *accept, *last_event_id, *target;
                enum api_reply_kind kind;
                int64_t after;
        } cases[] = {
                {"text/event-stream", NULL, "/v1/events", API_REPLY_EVENTS, 0},
                {"text/html, text/event-stream;q=0.9", NULL, "/v1/events?after=2", API_REPLY_EVENTS, 2},
                {"text/event-stream", "2", "/v1/events", API_REPLY_EVENTS, 2},
                {"text/event-stream", "2x", "/v1/events?after=1", API_REPLY_EVENTS, 1},
                {"text/event-stream", NULL, "/v1/events?after=1&last_event_id=3", API_REPLY_EVENTS, 3},
                {"text/event-stream", "7", "/v1/events?after=1", API_REPLY_EVENTS, 0},
                {"text/event-stream", "-1", "/v1/events", API_REPLY_EVENTS, 0},
                {"text/event-streams", NULL, "/v1/events", API_REPLY_WHOLE, 0},
                {"application/json", NULL, "/v1/events", API_REPLY_WHOLE, 0},
        };
        struct fixture *fixture = *state;
        struct error err = {0};
        _cleanup_buffer_ struct buffer stream = {0};
        add_events(fixture);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *target = string_copy(cases[i].target);
                _cleanup_api_reply_ struct api_reply reply = {0};
                struct api_request request = {
                        .method = "GET", .accept = cases[i].accept, .last_event_id = cases[i].last_event_id};
                set_target(&request, target);
                serve(fixture, &request, &reply);
                assert_int_equal(reply.status, 200);
                assert_int_equal(reply.kind, cases[i].kind);
                assert_int_equal(reply.after, cases[i].after);
        }
        int64_t after = 1;
        assert_int_equal(api_event_stream(fixture->api, &after, &stream, &err), 0);
        assert_int_equal(after, 3);
        assert_non_null(strstr(stream.data, "id: 2\nevent: log\ndata: {\"sequence\":2,"));
        assert_non_null(strstr(stream.data, "\"text\":\"second\\nline\""));
        assert_null(strstr(stream.data, "first"));
        assert_string_equal(stream.data + stream.size - 2, "\n\n");
}

static void read_log(struct fixture *fixture, const char *target, struct buffer *ret)
{
        _cleanup_free_ char *copy = string_copy(target);
        _cleanup_api_reply_ struct api_reply reply = {0};
        struct api_request request = {.method = "GET"};
        set_target(&request, copy);
        serve(fixture, &request, &reply);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.content_type, "text/plain; charset=utf-8");
        buffer_deinit(ret);
        buffer_append_string(ret, reply.body.data ? reply.body.data : "");
}

static void test_log(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        _cleanup_buffer_ struct buffer text = {0};
        read_log(fixture, "/v1/log", &text);
        assert_string_equal(text.data, "");
        add_events(fixture);
        read_log(fixture, "/v1/log?lines=2", &text);
        assert_string_equal(text.data, "[1970-01-01 00:00:02] second line\n[1970-01-01 00:00:03] third\n");
        _cleanup_close_ int root_fd = open(fixture->root, O_RDONLY | O_DIRECTORY);
        static const char log[] = "one\ntwo\nthree\nfour";
        assert_int_equal(file_write_atomic(root_fd, NAME_LOG, log, strlen(log), 0600, &err), 0);
        read_log(fixture, "/v1/log?lines=2", &text);
        assert_string_equal(text.data, "three\nfour");
        read_log(fixture, "/v1/log?lines=9", &text);
        assert_string_equal(text.data, log);
        /* A link where the log should be leads nobody to /etc/passwd. */
        assert_int_equal(unlinkat(root_fd, NAME_LOG, 0), 0);
        assert_int_equal(symlinkat("/etc/passwd", root_fd, NAME_LOG), 0);
        _cleanup_api_reply_ struct api_reply reply = {0};
        struct api_request request = {.method = "GET", .path = "/v1/log"};
        serve(fixture, &request, &reply);
        assert_null(reply.body.data ? strstr(reply.body.data, "root:") : NULL);
}

static void set_fact(struct fixture *fixture, const char *name, const char *value)
{
        struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        assert_int_equal(checkpoint_open(fixture->state_path, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_set_fact(checkpoint, name, value, &err), 0);
}

static void test_log_that_was_moved(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        _cleanup_buffer_ struct buffer text = {0};
        _cleanup_close_ int root_fd = open(fixture->root, O_RDONLY | O_DIRECTORY);
        _cleanup_close_ int state_fd = open(fixture->state_path, O_RDONLY | O_DIRECTORY);
        add_events(fixture);
        assert_int_equal(folder_make(root_fd, "var", 0700, &err), 0);
        assert_int_equal(file_write_atomic(root_fd, "var/log_1.txt", "below var", 9, 0600, &err), 0);
        assert_int_equal(file_write_atomic(state_fd, "log_2.txt", "in state", 8, 0600, &err), 0);
        /* Of somebody else, at the name where the log was once. */
        assert_int_equal(file_write_atomic(root_fd, NAME_LOG, "former", 6, 0600, &err), 0);
        set_fact(fixture, FACT_UPGRADE_LOG, "var/log_1.txt");
        read_log(fixture, "/v1/log", &text);
        assert_string_equal(text.data, "below var");
        set_fact(fixture, FACT_UPGRADE_LOG, "state:log_2.txt");
        read_log(fixture, "/v1/log", &text);
        assert_string_equal(text.data, "in state");
        set_fact(fixture, FACT_UPGRADE_LOG, "");
        read_log(fixture, "/v1/log?lines=1", &text);
        assert_string_equal(text.data, "[1970-01-01 00:00:03] third\n");
        set_fact(fixture, FACT_UPGRADE_LOG, "state:../root/" NAME_LOG);
        _cleanup_api_reply_ struct api_reply reply = {0};
        struct api_request request = {.method = "GET", .path = "/v1/log"};
        serve(fixture, &request, &reply);
        assert_int_not_equal(reply.status, 200);
}

static void test_preflight(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        json_auto_t *none = call(fixture, "GET", "/v1/preflight", NULL, &code);
        assert_int_equal(code, 404);
        assert_non_null(none);
        json_auto_t *run = call(fixture, "POST", "/v1/preflight", NULL, &code);
        assert_int_equal(code, 200);
        const json_t *finding = json_array_get(json_object_get(run, "findings"), 0);
        assert_string_equal(text_of(finding, "id"), "php_version");
        assert_string_equal(text_of(finding, "severity"), "warning");
        assert_int_equal(json_integer_value(json_object_get(run, "warnings")), 1);
        json_auto_t *last = call(fixture, "GET", "/v1/preflight", NULL, &code);
        assert_int_equal(code, 200);
        assert_true(json_equal(run, last));
}

static void test_preflight_is_cancelled_by_a_stop(void **state)
{
        struct fixture *fixture = *state;
        unsigned code;
        fixture->fake.check_waits = true;
        cancel_request(&fixture->cancel, CANCEL_BY_STOP);
        json_auto_t *problem = call(fixture, "POST", "/v1/preflight", NULL, &code);
        assert_int_equal(code, 503);
        assert_string_equal(text_of(problem, "reason"), "stopping");
        fixture->fake.check_waits = false;
        cancel_reset(&fixture->cancel);
        json_auto_t *again = call(fixture, "POST", "/v1/preflight", NULL, &code);
        assert_int_equal(code, 200);
        assert_non_null(again);
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_status_of_an_idle_site, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_status_of_a_running_stage, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_status_of_a_failed_stage, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_each_state_allows, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_requests_that_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_only_an_own_page_drives, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_commands_drive, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_the_way_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_backup, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_backup_verify, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_the_way_back_means, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_status_on_the_way_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_schema, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_bodies_that_confirm_nothing, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_limits_of_acceptance, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_event_stream, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_log, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_log_that_was_moved, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_preflight, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_preflight_is_cancelled_by_a_stop, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_errors_and_routes_are_whole_and_sorted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_head_is_answered_as_get, set_up, tear_down),
        };
        return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
