/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: what comes in by them, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server_fixture.h"

static void test_requests_and_answers(void **state)
{
        static const struct {
                const char *request, *answer, *has, *has_not;
        } cases[] = {
                {GET_STATUS_AND_CLOSE, "HTTP/1.1 200", "Content-Type: application/json\r\n", NULL},
                {"HEAD /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200",
                        "Content-Length: ", "program"},
                {"HEAD /v1/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nConnection: "
                 "close\r\n\r\n",
                        "HTTP/1.1 200", "text/event-stream", "retry"},
                {"GET /v1/status HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "program", NULL},
                {"GET /v1/err%6Frs/ERR_BUILD_M3_CACHE HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "ERR_BUILD", NULL},
                {"GET /v1/status?wait=0&after=%37 HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "program", NULL},
                {"GET /v1/nothing HTTP/1.0\r\n\r\n", "HTTP/1.1 404", "problem+json", NULL},
                {"DELETE /v1/start HTTP/1.0\r\n\r\n", "HTTP/1.1 405", "Allow: POST\r\n", NULL},
                {"POST /v1/start HTTP/1.0\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
                        "HTTP/1.1 202", "running", NULL},
                {"POST /v1/start HTTP/1.0\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 415", "application/json",
                        NULL},
                {"POST /v1/start HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n",
                        "HTTP/1.1 409", "\"allowed\":[\"cancel\"]", NULL},
                {"POST /v1/start HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 65537\r\n\r\n",
                        "HTTP/1.1 413", "65536", NULL},
                {"rubbish\r\n\r\n", "", NULL, "200"},
                {"\r\n\r\n\r\n", "", NULL, NULL},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_close_ int fd = connect_to(fixture);
                _cleanup_buffer_ struct buffer heard = {0};
                say(fd, cases[i].request);
                (void)shutdown(fd, SHUT_WR);
                assert_true(hear(fd, &heard, NULL));
                const char *answer = heard.data ? heard.data : "";
                if (*cases[i].answer)
                        assert_begins(answer, cases[i].answer);
                if ((cases[i].has && !strstr(answer, cases[i].has)) ||
                        (cases[i].has_not && strstr(answer, cases[i].has_not)))
                        fail_msg("%s: %s", cases[i].request, answer);
        }
        assert_serves(fixture);
}

static void test_a_large_chunked_body_is_refused(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_close_ int fd = connect_to(fixture);
        _cleanup_buffer_ struct buffer heard = {0}, chunk = {0};
        say(fd, "POST /v1/start HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: "
                "application/json\r\n\r\n");
        buffer_append_string(&chunk, "1000\r\n");
        for (int i = 0; i < 4096; i++)
                buffer_append(&chunk, "x", 1);
        buffer_append_string(&chunk, "\r\n");
        for (int i = 0; i < 20; i++)
                assert_true(try_send(fd, chunk.data, chunk.size));
        say(fd, "0\r\n\r\n");
        assert_true(hear(fd, &heard, "\r\n\r\n"));
        assert_begins(heard.data, "HTTP/1.1 413");
        assert_string_equal(fixture->fake.commands, "");
}

static void test_huge_headers_are_refused(void **state)
{
        struct fixture *fixture = *state;
        struct buffer request = {0};
        buffer_append_string(&request, "GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Long: ");
        for (int i = 0; i < 200000; i++)
                buffer_append(&request, "y", 1);
        buffer_append_string(&request, "\r\n\r\n");
        _cleanup_close_ int fd = connect_to(fixture);
        _cleanup_buffer_ struct buffer heard = {0};
        (void)try_send(fd, request.data, request.size);
        buffer_deinit(&request);
        assert_true(hear(fd, &heard, NULL));
        if (heard.data)
                assert_begins(heard.data, "HTTP/1.1 4");
        assert_serves(fixture);
}

static void test_ten_thousand_pipelined(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_close_ int fd = connect_to(fixture);
        size_t sent = 0, answered = 0, size = strlen(GET_STATUS);
        char piece[65536 + 1];
        struct buffer requests = {0};
        for (int i = 0; i < 9999; i++)
                buffer_append_string(&requests, GET_STATUS);
        buffer_append_string(&requests, GET_STATUS_AND_CLOSE);
        size_t kept = 0;
        for (;;) {
                struct pollfd poll_fd = {.fd = fd, .events = POLLIN | (sent < requests.size ? POLLOUT : 0)};
                assert_true(poll(&poll_fd, 1, PATIENCE_MS) == 1);
                if (poll_fd.revents & POLLOUT) {
                        ssize_t length = send(
                                fd, requests.data + sent, requests.size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
                        sent += length > 0 ? (size_t)length : 0;
                }
                if (!(poll_fd.revents & (POLLIN | POLLHUP)))
                        continue;
                ssize_t length = recv(fd, piece + kept, 65536 - kept, 0);
                if (length <= 0)
                        break;
                size_t filled = kept + (size_t)length;
                piece[filled] = '\0';
                const char *rest = piece;
                for (const char *found; (found = strstr(rest, "HTTP/1.1 200 OK")); rest = found + 15)
                        answered++;
                size_t left = filled - (size_t)(rest - piece);
                kept = left < 14 ? left : 14;
                memmove(piece, piece + filled - kept, kept);
        }
        assert_int_equal(sent, requests.size);
        assert_int_equal(answered, 10000);
        assert_true(size > 0);
        buffer_deinit(&requests);
}

static void test_two_hundred_at_once(void **state)
{
        struct fixture *fixture = *state;
        int fds[200];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                say(fds[i], GET_STATUS_AND_CLOSE);
        }
        for (size_t i = ARRAY_SIZE(fds); i-- > 0;) {
                _cleanup_buffer_ struct buffer heard = {0};
                assert_true(hear(fds[i], &heard, NULL));
                assert_begins(heard.data ? heard.data : "", "HTTP/1.1 200");
                (void)close(fds[i]);
        }
}

/* More trickling connections than there is room for: they are ended, and who waits behind them is served. */
static void test_half_requests_hold_nobody_up(void **state)
{
        static const char *const halves[] = {"", "GET /v1/sta", "GET /v1/status HTTP/1.1\r\nHost: x\r\nX-",
                "POST /v1/start HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"};
        struct fixture *fixture = *state;
        int fds[SERVER_CONNECTIONS + 8];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                say(fds[i], halves[i % ARRAY_SIZE(halves)]);
        }
        assert_serves(fixture);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                struct buffer heard = {0};
                assert_true(hear(fds[i], &heard, NULL));
                buffer_deinit(&heard);
                (void)close(fds[i]);
        }
        assert_string_equal(fixture->fake.commands, "");
}

static void test_a_full_house_ends_the_silent_soon(void **state)
{
        struct fixture *fixture = *state;
        int fds[2 * SERVER_CONNECTIONS];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                if (i < SERVER_CONNECTIONS)
                        say(fds[i], i % 2 ? "GET /v1/status HTTP/1.1\r\nHost: x\r\nX-" : GET_STATUS);
        }
        uint64_t began = clock_steady_ms();
        assert_serves(fixture);
        assert_true(clock_steady_ms() - began < 20000);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                (void)close(fds[i]);
}

static int connect_by_tcp(struct fixture *fixture)
{
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&fixture->address, sizeof(struct sockaddr_in)), 0);
        return fd;
}

#define AUTHORIZED "Authorization: Bearer " TOKEN "\r\n"
#define START                                                                                                \
        "POST /v1/start HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "   \
        "0\r\n"

static void test_tcp_needs_the_token_and_a_local_name(void **state)
{
        static const struct {
                const char *request, *answer, *has;
        } cases[] = {
                {"GET /v1/status HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 401",
                        "WWW-Authenticate: Bearer"},
                {"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 401", "token_missing"},
                {"GET /openapi.json HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 401", NULL},
                {"GET /v1/nothing HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 401", NULL},
                {"PUT /v1/status HTTP/1.0\r\nHost: localhost\r\n\r\n", "HTTP/1.1 401", NULL},
                {START "\r\n", "HTTP/1.1 401", NULL},
                {START "Authorization: Basic " TOKEN "\r\n\r\n", "HTTP/1.1 401", NULL},
                {START "Authorization: Bearer " TOKEN "x\r\n\r\n", "HTTP/1.1 401", NULL},
                {START "Authorization: Bearer 0123456789abcdef0123456789ABCDEf\r\n\r\n", "HTTP/1.1 401",
                        NULL},
                {START "Authorization: Bearer\r\n\r\n", "HTTP/1.1 401", NULL},
                {START "Authorization: " TOKEN "\r\n\r\n", "HTTP/1.1 401", NULL},
                {"GET /v1/nothing HTTP/1.0\r\nHost: localhost\r\n" AUTHORIZED "\r\n", "HTTP/1.1 404", NULL},
                {"GET /v1/status HTTP/1.0\r\n" AUTHORIZED "\r\n", "HTTP/1.1 403", "host_foreign"},
                {"GET /v1/status HTTP/1.0\r\nHost: evil.example\r\n" AUTHORIZED "\r\n", "HTTP/1.1 403", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: localhost.evil.example\r\n" AUTHORIZED "\r\n",
                        "HTTP/1.1 403", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: 127.0.0.1.evil.example\r\n" AUTHORIZED "\r\n",
                        "HTTP/1.1 403", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: 10.0.0.1\r\n" AUTHORIZED "\r\n", "HTTP/1.1 403", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: localhost:x\r\n" AUTHORIZED "\r\n", "HTTP/1.1 403", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: [::1\r\n" AUTHORIZED "\r\n", "HTTP/1.1 403", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: [::1]:8470\r\n" AUTHORIZED "\r\n", "HTTP/1.1 200",
                        "\"may_drive\":true"},
                {"GET /v1/status HTTP/1.0\r\nHost: 127.0.0.9:1\r\n" AUTHORIZED "\r\n", "HTTP/1.1 200", NULL},
                {"GET /v1/status HTTP/1.0\r\nHost: LocalHost\r\n" AUTHORIZED "\r\n", "HTTP/1.1 200", NULL},
                {START AUTHORIZED "Origin: http://evil.example\r\n\r\n", "HTTP/1.1 403", "another origin"},
                {START AUTHORIZED "\r\n", "HTTP/1.1 202", "running"},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_close_ int fd = connect_by_tcp(fixture);
                _cleanup_buffer_ struct buffer heard = {0};
                assert_string_equal(fixture->fake.commands, "");
                say(fd, cases[i].request);
                assert_true(hear(fd, &heard, NULL));
                if (strncmp(heard.data, cases[i].answer, strlen(cases[i].answer)) != 0 ||
                        (cases[i].has && !strstr(heard.data, cases[i].has)))
                        fail_msg("%s: %s", cases[i].request, heard.data);
        }
        assert_string_equal(fixture->fake.commands, "start;");
        assert_serves(fixture); /* the Unix socket needs neither */
}

/* As many by TCP as there may be strangers: there is room on the Unix socket for those who may drive. */
static void test_tcp_locks_nobody_out(void **state)
{
        struct fixture *fixture = *state;
        int fds[SERVER_CONNECTIONS];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                fds[i] = connect_by_tcp(fixture);
        uint64_t began = clock_steady_ms();
        for (int i = 0; i < 20; i++)
                assert_serves(fixture);
        assert_true(clock_steady_ms() - began < 10000);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                (void)close(fds[i]);
}

static void test_a_byte_now_and_then_does_not_help(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_close_ int fd = connect_to(fixture);
        uint64_t began = clock_steady_ms();
        say(fd, "GET /v1/status HTTP/1.1\r\nX-Slow: ");
        while (try_send(fd, "z", 1)) {
                struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
                char end[256];
                if (poll(&poll_fd, 1, 100) == 1 && recv(fd, end, sizeof(end), 0) <= 0)
                        break;
                assert_true(clock_steady_ms() - began < PATIENCE_MS);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define PATIENT(function) cmocka_unit_test_setup_teardown(function, set_up_patient, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_requests_and_answers),
                TEST(test_a_large_chunked_body_is_refused),
                TEST(test_huge_headers_are_refused),
                TEST(test_ten_thousand_pipelined),
                TEST(test_two_hundred_at_once),
                TEST(test_half_requests_hold_nobody_up),
                PATIENT(test_a_full_house_ends_the_silent_soon),
                TEST(test_tcp_needs_the_token_and_a_local_name),
                PATIENT(test_tcp_locks_nobody_out),
                TEST(test_a_byte_now_and_then_does_not_help),
        };
        return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
