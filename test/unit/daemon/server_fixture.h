/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The server on a real socket: its loop runs on a thread of its own, the test is the client. Include it
 * behind <cmocka.h>. */

#include "daemon/listener.h"
#include "daemon/peer.h"
#include "daemon/server.h"
#include "fake_upgrade.h"
#include "lib/checkpoint.h"
#include "lib/clock.h"
#include "lib/files.h"

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

static inline void on_changed(uv_async_t *async)
{
        struct fixture *fixture = async->data;
        server_changed(fixture->server);
}

static inline void on_closed(void *userdata)
{
        struct fixture *fixture = userdata;
        uv_close((uv_handle_t *)&fixture->changed, NULL);
        uv_close((uv_handle_t *)&fixture->closing, NULL);
}

static inline void on_closing(uv_async_t *async)
{
        struct fixture *fixture = async->data;
        cancel_request(&fixture->cancel, CANCEL_BY_STOP);
        server_close(fixture->server, on_closed, fixture);
}

static inline void *run_loop(void *userdata)
{
        struct fixture *fixture = userdata;
        uv_run(&fixture->loop, UV_RUN_DEFAULT);
        return NULL;
}

#define TOKEN "0123456789abcdef0123456789ABCDEF"

static inline void listen_on_loopback(struct fixture *fixture, int *ret_fd)
{
        struct error err = {0};
        socklen_t size = sizeof(fixture->address);
        _cleanup_free_ char *name = NULL;
        assert_int_equal(listener_parse_address("127.0.0.1:0", &fixture->address, &err), 0);
        assert_int_equal(listener_open_address(&fixture->address, ret_fd, &name, &err), 0);
        assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&fixture->address, &size), 0);
        sha256_of(TOKEN, strlen(TOKEN), fixture->token.hash);
}

static inline int set_up_with(void **state, uint64_t idle_s, uint64_t request_s)
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

static inline int set_up(void **state)
{
        return set_up_with(state, 5, 1);
}

/* With the time that the daemon gives. */
static inline int set_up_patient(void **state)
{
        return set_up_with(state, 0, 0);
}

static inline void stop(struct fixture *fixture)
{
        if (!fixture->server)
                return;
        uv_async_send(&fixture->closing);
        pthread_join(fixture->thread, NULL);
        fixture->server = NULL;
}

static inline int tear_down(void **state)
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

static inline int connect_to(struct fixture *fixture)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        strcpy(address.sun_path, fixture->socket_path);
        assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        return fd;
}

static inline bool try_send(int fd, const char *text, size_t size)
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

static inline void say(int fd, const char *text)
{
        assert_true(try_send(fd, text, strlen(text)));
}

/* Reads until `until` has come (NULL: until the end); false when it never does. */
static inline bool hear(int fd, struct buffer *heard, const char *until)
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
static inline char *ask(struct fixture *fixture, const char *request)
{
        _cleanup_close_ int fd = connect_to(fixture);
        struct buffer heard = {0};
        (void)try_send(fd, request, strlen(request));
        assert_true(hear(fd, &heard, NULL));
        return buffer_steal(&heard);
}

static inline void assert_begins(const char *text, const char *start)
{
        if (strncmp(text, start, strlen(start)) != 0)
                fail_msg("not \"%s\" but: %.200s", start, text);
}

static inline void assert_serves(struct fixture *fixture)
{
        _cleanup_free_ char *answer = ask(fixture, GET_STATUS_AND_CLOSE);
        assert_begins(answer, "HTTP/1.1 200 OK\r\n");
        assert_non_null(strstr(answer, "\"state\":"));
}

static inline void add_event(struct fixture *fixture, const char *text)
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

/* More than a socket takes at once. */
static inline void add_long_events(struct fixture *fixture)
{
        _cleanup_free_ char *text = memory_new(8001);
        memset(text, 'e', 8000);
        for (int i = 0; i < 200; i++)
                add_event(fixture, text);
}
