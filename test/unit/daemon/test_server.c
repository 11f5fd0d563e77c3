/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The server on a real socket: its loop runs on a thread of its own, the test is the client. */
#include "daemon/server.h"

#include "daemon/listener.h"
#include "daemon/peer.h"
#include "fake_upgrade.h"
#include "lib/checkpoint.h"
#include "lib/clock.h"
#include "lib/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#define PATIENCE_MS 30000

struct fixture {
        char folder[40];
        char *state_path, *socket_path;
        struct config config;
        struct cancel cancel;
        struct fake_upgrade fake;
        struct token token;
        struct sockaddr_storage address;
        struct api *api;
        struct server *server;
        uv_loop_t loop;
        uv_async_t changed, closing;
        pthread_t thread;
};

static void on_changed(uv_async_t *async)
{
        struct fixture *fixture = async->data;
        server_changed(fixture->server);
}

static void on_closed(void *userdata)
{
        struct fixture *fixture = userdata;
        uv_close((uv_handle_t *)&fixture->changed, NULL);
        uv_close((uv_handle_t *)&fixture->closing, NULL);
}

static void on_closing(uv_async_t *async)
{
        struct fixture *fixture = async->data;
        cancel_request(&fixture->cancel, CANCEL_BY_STOP);
        server_close(fixture->server, on_closed, fixture);
}

static void *run_loop(void *userdata)
{
        struct fixture *fixture = userdata;
        uv_run(&fixture->loop, UV_RUN_DEFAULT);
        return NULL;
}

#define TOKEN "0123456789abcdef0123456789ABCDEF"

static void listen_on_loopback(struct fixture *fixture, int *ret_fd)
{
        struct error err = {0};
        socklen_t size = sizeof(fixture->address);
        _cleanup_free_ char *name = NULL;
        assert_int_equal(listener_parse_address("127.0.0.1:0", &fixture->address, &err), 0);
        assert_int_equal(listener_open_address(&fixture->address, ret_fd, &name, &err), 0);
        assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&fixture->address, &size), 0);
        sha256_of(TOKEN, strlen(TOKEN), fixture->token.hash);
}

static int set_up_with(void **state, uint64_t idle_s, uint64_t request_s)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        struct error err = {0};
        struct server_options options = {
                .loop = &fixture->loop, .group = PEER_NO_GROUP, .idle_s = idle_s, .request_s = request_s};
        (void)signal(SIGPIPE, SIG_IGN);
        strcpy(fixture->folder, "/tmp/test-server-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        fixture->state_path = string_copy(fixture->folder);
        fixture->socket_path = string_format("%s/socket", fixture->folder);
        config_init(&fixture->config);
        fixture->config.root = string_copy(fixture->folder);
        assert_int_equal(cancel_init(&fixture->cancel, &err), 0);
        const struct api_options api_options = {.config = &fixture->config,
                .site = "shop",
                .state_path = fixture->state_path,
                .upgrade = fake_api(&fixture->fake),
                .token = &fixture->token,
                .cancel = &fixture->cancel};
        fixture->api = api_new(&api_options);
        uv_loop_init(&fixture->loop);
        uv_async_init(&fixture->loop, &fixture->changed, on_changed);
        uv_async_init(&fixture->loop, &fixture->closing, on_closing);
        fixture->changed.data = fixture->closing.data = fixture;
        assert_int_equal(listener_open(fixture->socket_path, PEER_NO_GROUP, &options.listen_fd, &err), 0);
        listen_on_loopback(fixture, &options.tcp_fd);
        options.api = fixture->api;
        assert_int_equal(server_new(&options, &fixture->server, &err), 0);
        assert_int_equal(pthread_create(&fixture->thread, NULL, run_loop, fixture), 0);
        *state = fixture;
        return 0;
}

static int set_up(void **state)
{
        return set_up_with(state, 5, 1);
}

/* With the time that the daemon gives. */
static int set_up_patient(void **state)
{
        return set_up_with(state, 0, 0);
}

static void stop(struct fixture *fixture)
{
        if (!fixture->server)
                return;
        uv_async_send(&fixture->closing);
        pthread_join(fixture->thread, NULL);
        fixture->server = NULL;
}

static int tear_down(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        stop(fixture);
        assert_int_equal(uv_loop_close(&fixture->loop), 0); /* no handle is left behind */
        api_free(fixture->api);
        cancel_deinit(&fixture->cancel);
        config_deinit(&fixture->config);
        _cleanup_close_ int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
        assert_int_equal(tree_remove(fd, fixture->folder + strlen("/tmp/"), &err), 0);
        free(fixture->state_path);
        free(fixture->socket_path);
        free(fixture);
        return 0;
}

static int connect_to(struct fixture *fixture)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        strcpy(address.sun_path, fixture->socket_path);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static bool try_send(int fd, const char *text, size_t size)
{
        while (size > 0) {
                ssize_t length = send(fd, text, size, MSG_NOSIGNAL);
                if (length <= 0)
                        return false;
                text += length;
                size -= (size_t)length;
        }
        return true;
}

static void say(int fd, const char *text)
{
        assert_true(try_send(fd, text, strlen(text)));
}

/* Reads until `until` has come (NULL: until the end); false when it never does. */
static bool hear(int fd, struct buffer *heard, const char *until)
{
        uint64_t deadline = clock_steady_ms() + PATIENCE_MS;
        char piece[65536];
        while (!until || !heard->data || !strstr(heard->data, until)) {
                struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
                assert_true(clock_steady_ms() < deadline);
                if (poll(&poll_fd, 1, 1000) == 0)
                        continue;
                ssize_t length = recv(fd, piece, sizeof(piece), 0);
                if (length <= 0)
                        return !until;
                buffer_append(heard, piece, (size_t)length);
        }
        return true;
}

#define GET_STATUS "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_STATUS_AND_CLOSE "GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

/* One request on a connection of its own; the whole answer. */
static char *ask(struct fixture *fixture, const char *request)
{
        _cleanup_close_ int fd = connect_to(fixture);
        struct buffer heard = {0};
        (void)try_send(fd, request, strlen(request));
        assert_true(hear(fd, &heard, NULL));
        return buffer_steal(&heard);
}

static void assert_begins(const char *text, const char *start)
{
        if (strncmp(text, start, strlen(start)) != 0)
                fail_msg("not \"%s\" but: %.200s", start, text);
}

static void assert_serves(struct fixture *fixture)
{
        _cleanup_free_ char *answer = ask(fixture, GET_STATUS_AND_CLOSE);
        assert_begins(answer, "HTTP/1.1 200 OK\r\n");
        assert_non_null(strstr(answer, "\"state\":"));
}

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

static void add_event(struct fixture *fixture, const char *text)
{
        struct error err = {0};
        int64_t sequence = 0;
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        const struct event_record event = {
                .time_ms = 1, .type = (char *)"log", .level = (char *)"info", .text = (char *)text};
        assert_int_equal(checkpoint_open(fixture->state_path, &checkpoint, &err), 0);
        assert_int_equal(checkpoint_add_event(checkpoint, &event, &sequence, &err), 0);
        fixture->fake.last_sequence = sequence;
        uv_async_send(&fixture->changed);
}

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

static void test_a_reader_that_does_not_read_costs_nobody(void **state)
{
        struct fixture *fixture = *state;
        char *text = memory_new(8001);
        memset(text, 'e', 8000);
        for (int i = 0; i < 200; i++)
                add_event(fixture, text);
        free(text);
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
        uint64_t began = clock_steady_ms();
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                struct pollfd poll_fd = {.fd = fds[i]};
                while (poll(&poll_fd, 1, 1000) == 0)
                        assert_true(clock_steady_ms() - began < PATIENCE_MS);
                assert_true(poll_fd.revents & POLLHUP);
                (void)close(fds[i]);
        }
}

/* A whole answer that nobody reads: it is not waited for longer than request_s, and it holds nobody up. */
static void test_an_answer_that_is_not_read_is_ended(void **state)
{
        struct fixture *fixture = *state;
        char *text = memory_new(8001);
        memset(text, 'e', 8000);
        for (int i = 0; i < 200; i++)
                add_event(fixture, text);
        free(text);
        int fds[16];
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = connect_to(fixture);
                say(fds[i], "GET /v1/events?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        assert_serves(fixture);
        uint64_t began = clock_steady_ms();
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                struct pollfd poll_fd = {.fd = fds[i]};
                while (poll(&poll_fd, 1, 1000) == 0)
                        assert_true(clock_steady_ms() - began < PATIENCE_MS);
                (void)close(fds[i]);
        }
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_requests_and_answers, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_large_chunked_body_is_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_huge_headers_are_refused, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_ten_thousand_pipelined, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_two_hundred_at_once, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_half_requests_hold_nobody_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_a_full_house_ends_the_silent_soon, set_up_patient, tear_down),
                cmocka_unit_test_setup_teardown(test_tcp_needs_the_token_and_a_local_name, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_tcp_locks_nobody_out, set_up_patient, tear_down),
                cmocka_unit_test_setup_teardown(test_a_byte_now_and_then_does_not_help, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_stream_replays_and_follows, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_stream_tells_progress_now_and_then, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_a_reader_of_another_history_is_told_everything, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_streams_are_bounded, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_a_reader_that_does_not_read_costs_nobody, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_an_answer_that_is_not_read_is_ended, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_status_waits_for_an_event, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_slow_work_holds_nobody_up, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_closing_ends_work_streams_and_waiting, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_clients_that_leave_in_the_middle, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_streams_of_the_gone_make_room, set_up, tear_down),
        };
        return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
