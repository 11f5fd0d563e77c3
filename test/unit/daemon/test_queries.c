/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What takes the disk: events, log, findings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "api_fixture.h"

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

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_events),
                TEST(test_event_stream),
                TEST(test_log),
                TEST(test_log_that_was_moved),
                TEST(test_preflight),
                TEST(test_preflight_is_cancelled_by_a_stop),
        };
        return cmocka_run_group_tests_name("queries", tests, NULL, NULL);
}
