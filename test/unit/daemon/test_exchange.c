/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams, waiting and work: what keeps a connection longer than a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server_fixture.h"

#define FOLLOW "GET /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"

static void test_a_stream_replays_and_follows(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_buffer_ struct buffer heard = {0}, resumed = {0};
        add_event(fixture, "first");
        add_event(fixture, "second");
        _cleanup_close_ int fd = connect_to(fixture);
        say(fd, FOLLOW "\r\n");
        assert_true(hear(fd, &heard, "second"));
        assert_non_null(strstr(heard.data, "id: 1\nevent: log\ndata: {"));
        assert_non_null(strstr(heard.data, "Content-Type: text/event-stream\r\n"));
        add_event(fixture, "third");
        assert_true(hear(fd, &heard, "third"));
        _cleanup_close_ int again = connect_to(fixture);
        say(again, FOLLOW "Last-Event-ID: 2\r\n\r\n");
        assert_true(hear(again, &resumed, "third"));
        assert_null(strstr(resumed.data, "second"));
        /* It outlives the time that a request may take. */
        for (int i = 0; i < 3; i++)
                (void)poll(NULL, 0, 1000);
        add_event(fixture, "fourth");
        assert_true(hear(fd, &heard, "fourth"));
        stop(fixture);
        assert_true(hear(fd, &heard, "0\r\n\r\n"));
}

/* How often `part` stands in text. */
static size_t count_of(const char *text, const char *part)
{
        size_t count = 0;
        for (; text && (text = strstr(text, part)); text += strlen(part))
                count++;
        return count;
}

static void test_a_stream_tells_progress_now_and_then(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_buffer_ struct buffer heard = {0}, plain = {0};
        _cleanup_close_ int fd = connect_to(fixture), other = connect_to(fixture);
        say(other, FOLLOW "\r\n");
        assert_true(hear(other, &plain, "retry: "));
        say(fd, "GET /v1/events?progress=1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
        /* At once where it stands, without an id. */
        assert_true(hear(fd, &heard, "\"state\":\"idle\""));
        assert_non_null(strstr(heard.data, "retry: 2000\n\nevent: progress\ndata: {"));
        uint64_t began = clock_steady_ms();
        fixture->fake.state = UPGRADE_RUNNING;
        while (!strstr(heard.data, "\"state\":\"running\"")) {
                uv_async_send(&fixture->changed);
                struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
                char piece[16384];
                if (poll(&poll_fd, 1, 1) == 1)
                        buffer_append(&heard, piece, (size_t)recv(fd, piece, sizeof(piece), 0));
                assert_true(clock_steady_ms() - began < PATIENCE_MS);
        }
        /* Changes that come faster are told together. */
        for (int i = 0; i < 700; i++) {
                uv_async_send(&fixture->changed);
                (void)poll(NULL, 0, 1);
        }
        fixture->fake.state = UPGRADE_FINISHED;
        add_event(fixture, "the end");
        assert_true(hear(fd, &heard, "the end"));
        assert_true(hear(fd, &heard, "\"state\":\"finished\""));
        size_t told = count_of(heard.data, "event: progress\n");
        assert_in_range(told, 3, (clock_steady_ms() - began) / 500 + 2);
        assert_int_equal(count_of(heard.data, "id: "), 1);
        assert_true(hear(other, &plain, "the end"));
        assert_null(strstr(plain.data, "progress\n"));
}

static void test_a_reader_of_another_history_is_told_everything(void **state)
{
        struct fixture *fixture = *state;
        add_event(fixture, "first");
        add_event(fixture, "second");
        static const struct {
                const char *request;
                bool first;
        } cases[] = {
                {"GET /v1/events?last_event_id=1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n",
                        false},
                {"GET /v1/events?last_event_id=1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                 "Last-Event-ID: 0\r\n\r\n",
                        true},
                {"GET /v1/events?last_event_id=99 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n",
                        true},
                {FOLLOW "Last-Event-ID: 99\r\n\r\n", true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_close_ int fd = connect_to(fixture);
                _cleanup_buffer_ struct buffer heard = {0};
                say(fd, cases[i].request);
                assert_true(hear(fd, &heard, "second"));
                assert_int_equal(strstr(heard.data, "first") != NULL, cases[i].first);
        }
}

static void test_streams_are_bounded(void **state)
{
        struct fixture *fixture = *state;
        int fds[SERVER_PEER_WAITERS];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                _cleanup_buffer_ struct buffer heard = {0};
                fds[i] = connect_to(fixture);
                say(fds[i], i % 2 ? FOLLOW "\r\n" : "GET /v1/status?wait=60 HTTP/1.1\r\nHost: x\r\n\r\n");
                if (i % 2)
                        assert_true(hear(fds[i], &heard, "retry: "));
        }
        assert_serves(fixture);
        _cleanup_free_ char *stream = ask(fixture, FOLLOW "Connection: close\r\n\r\n");
        _cleanup_free_ char *wait =
                ask(fixture, "GET /v1/status?wait=60 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_begins(stream, "HTTP/1.1 503");
        assert_non_null(strstr(stream, "Retry-After: "));
        assert_begins(wait, "HTTP/1.1 503");
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                (void)close(fds[i]);
        _cleanup_close_ int fd = connect_to(fixture);
        _cleanup_buffer_ struct buffer heard = {0};
        say(fd, FOLLOW "\r\n");
        assert_true(hear(fd, &heard, "retry: "));
}

/* The server ends each of these connections. */
static void assert_all_end(const int *fds, size_t count)
{
        uint64_t began = clock_steady_ms();
        for (size_t i = 0; i < count; i++) {
                struct pollfd poll_fd = {.fd = fds[i]};
                while (poll(&poll_fd, 1, 1000) == 0)
                        assert_true(clock_steady_ms() - began < PATIENCE_MS);
                assert_true(poll_fd.revents & POLLHUP);
                (void)close(fds[i]);
        }
}

static void test_a_reader_that_does_not_read_costs_nobody(void **state)
{
        struct fixture *fixture = *state;
        add_long_events(fixture);
        int fds[8];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                say(fds[i], FOLLOW "\r\n");
        }
        for (int i = 0; i < 50; i++)
                assert_serves(fixture);
        _cleanup_close_ int fd = connect_to(fixture);
        _cleanup_buffer_ struct buffer heard = {0};
        say(fd, FOLLOW "Last-Event-ID: 200\r\n\r\n");
        add_event(fixture, "for those who read");
        assert_true(hear(fd, &heard, "for those who read"));
        /* Its connection is ended when it has not read for idle_s. */
        assert_all_end(fds, ARRAY_SIZE(fds));
}

/* A whole answer that nobody reads: it is not waited for longer than request_s, and it holds nobody up. */
static void test_an_answer_that_is_not_read_is_ended(void **state)
{
        struct fixture *fixture = *state;
        add_long_events(fixture);
        int fds[16];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                say(fds[i], "GET /v1/events?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        assert_serves(fixture);
        assert_all_end(fds, ARRAY_SIZE(fds));
        assert_serves(fixture);
}

static void test_a_status_waits_for_an_event(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_close_ int fd = connect_to(fixture);
        _cleanup_buffer_ struct buffer heard = {0};
        add_event(fixture, "before");
        say(fd, "GET /v1/status?wait=60&after=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_serves(fixture);
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&poll_fd, 1, 300), 0);
        add_event(fixture, "what it waits for");
        assert_true(hear(fd, &heard, NULL));
        assert_non_null(strstr(heard.data, "\"last_event\":2"));
        _cleanup_free_ char *at_once = ask(
                fixture, "GET /v1/status?wait=60&after=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_non_null(strstr(at_once, "\"last_event\":2"));
        _cleanup_free_ char *in_vain =
                ask(fixture, "GET /v1/status?wait=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_non_null(strstr(in_vain, "\"last_event\":2"));
}

#define CHECK                                                                                                \
        "POST /v1/preflight HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"  \
        "Content-Length: 0\r\n\r\n"

static void test_slow_work_holds_nobody_up(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_buffer_ struct buffer heard = {0};
        fixture->fake.check_waits = true;
        _cleanup_close_ int fd = connect_to(fixture);
        say(fd, CHECK);
        while (fixture->fake.checks == 0)
                (void)poll(NULL, 0, 1);
        assert_serves(fixture);
        _cleanup_free_ char *second = ask(fixture, CHECK);
        assert_begins(second, "HTTP/1.1 503");
        assert_non_null(strstr(second, "Retry-After: "));
        /* Longer than a request may take to arrive. */
        (void)poll(NULL, 0, 2500);
        fixture->fake.check_waits = false;
        assert_true(hear(fd, &heard, NULL));
        assert_begins(heard.data, "HTTP/1.1 200");
}

#define COMMAND                                                                                              \
        "POST /v1/start HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"      \
        "Content-Length: 0\r\n\r\n"

/* Commands that wait for the worker leave room for those who read, and are taken when they can be. */
static void test_commands_leave_room_for_others(void **state)
{
        struct fixture *fixture = *state;
        int fds[2];
        _cleanup_buffer_ struct buffer answers = {0};
        fixture->fake.command_waits = true;
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                say(fds[i], COMMAND);
        }
        while (fixture->fake.commanding < 2)
                (void)poll(NULL, 0, 1);
        _cleanup_free_ char *third = ask(fixture, COMMAND);
        assert_begins(third, "HTTP/1.1 503");
        assert_non_null(strstr(third, "Retry-After: "));
        assert_non_null(strstr(third, "problem+json"));
        _cleanup_free_ char *events =
                ask(fixture, "GET /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert_begins(events, "HTTP/1.1 200");
        fixture->fake.command_waits = false;
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                assert_true(hear(fds[i], &answers, NULL));
                (void)close(fds[i]);
        }
        assert_non_null(strstr(answers.data, "HTTP/1.1 202"));
        assert_non_null(strstr(answers.data, "HTTP/1.1 409"));
        assert_string_equal(fixture->fake.commands, "start;");
        _cleanup_free_ char *again = ask(fixture, COMMAND);
        assert_begins(again, "HTTP/1.1 409");
}

static void test_closing_ends_work_streams_and_waiting(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_buffer_ struct buffer checked = {0}, waited = {0}, streamed = {0}, idle = {0};
        fixture->fake.check_waits = true;
        _cleanup_close_ int check = connect_to(fixture), wait = connect_to(fixture),
                            stream = connect_to(fixture), silent = connect_to(fixture);
        say(check, CHECK);
        say(wait, "GET /v1/status?wait=60 HTTP/1.1\r\nHost: x\r\n\r\n");
        say(stream, FOLLOW "\r\n");
        assert_true(hear(stream, &streamed, "retry: "));
        while (fixture->fake.checks == 0)
                (void)poll(NULL, 0, 1);
        assert_serves(fixture);
        stop(fixture);
        assert_true(hear(check, &checked, NULL));
        assert_begins(checked.data ? checked.data : "", "HTTP/1.1 503");
        assert_true(hear(wait, &waited, NULL));
        assert_begins(waited.data ? waited.data : "", "HTTP/1.1 200");
        assert_true(hear(stream, &streamed, NULL));
        assert_true(hear(silent, &idle, NULL));
        assert_int_equal(idle.size, 0);
}

/* Whoever goes away in the middle of whatever leaves nothing behind (the sanitizers and tear_down look). */
static void test_clients_that_leave_in_the_middle(void **state)
{
        static const char *const requests[] = {"", "GET /v1", GET_STATUS, GET_STATUS GET_STATUS,
                FOLLOW "\r\n", "GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v1/status?wait=60 HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /v1/log HTTP/1.1\r\nHost: x\r\n\r\n", CHECK,
                "POST /v1/start HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"};
        struct fixture *fixture = *state;
        for (int round = 0; round < 20; round++)
                for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
                        int fd = connect_to(fixture);
                        say(fd, requests[i]);
                        if (round % 2)
                                (void)shutdown(fd, SHUT_WR);
                        (void)close(fd);
                        if (i == 4)
                                uv_async_send(&fixture->changed);
                }
        add_event(fixture, "one more");
        assert_serves(fixture);
}

/* Streams whose readers have gone make room soon, not only when the next event comes. */
static void test_streams_of_the_gone_make_room(void **state)
{
        struct fixture *fixture = *state;
        for (int i = 0; i < SERVER_CONNECTIONS; i++) {
                _cleanup_close_ int fd = connect_to(fixture);
                _cleanup_buffer_ struct buffer heard = {0};
                say(fd, FOLLOW "\r\n");
                assert_true(hear(fd, &heard, "retry: "));
        }
        uint64_t began = clock_steady_ms();
        assert_serves(fixture);
        assert_true(clock_steady_ms() - began < 10000);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_a_stream_replays_and_follows),
                TEST(test_a_stream_tells_progress_now_and_then),
                TEST(test_a_reader_of_another_history_is_told_everything),
                TEST(test_streams_are_bounded),
                TEST(test_a_reader_that_does_not_read_costs_nobody),
                TEST(test_an_answer_that_is_not_read_is_ended),
                TEST(test_a_status_waits_for_an_event),
                TEST(test_slow_work_holds_nobody_up),
                TEST(test_commands_leave_room_for_others),
                TEST(test_closing_ends_work_streams_and_waiting),
                TEST(test_clients_that_leave_in_the_middle),
                TEST(test_streams_of_the_gone_make_room),
        };
        return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
