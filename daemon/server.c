/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/server.h"

#include "daemon/exchange.h"
#include "lib/clock.h"
#include "lib/log.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define IDLE_S 30
#define REQUEST_S 60
#define SWEEP_MS 1000
#define PRESSED_MS 2000 /* how long a connection may be silent while others find no room */
#define HEADER_MEMORY ((size_t)32 * 1024)
#define ACCEPTS_AT_ONCE 32

/* Runs libmicrohttpd and asks when it wants to run again. */
static void turn(struct server *server)
{
        MHD_UNSIGNED_LONG_LONG wait_ms;
        MHD_run(server->http);
        if (MHD_get_timeout(server->http, &wait_ms) == MHD_YES)
                uv_timer_start(&server->timer, server->on_timer, wait_ms, 0);
        else
                uv_timer_stop(&server->timer);
}

static void on_timer(uv_timer_t *timer)
{
        turn(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
        turn(poll->data);
}

void server_turn_soon(struct server *server)
{
        uv_timer_start(&server->timer, server->on_timer, 0, 0);
}

static void on_connectable(uv_poll_t *poll, int status, int events);

static void listen_again(struct server *server)
{
        if (server->closing || server->refuses || server->connection_count >= SERVER_CONNECTIONS)
                return;
        for (size_t i = 0; i < server->listening_count; i++)
                uv_poll_start(&server->listening[i].poll, UV_READABLE, on_connectable);
}

static void connection_link(struct server *server, struct connection *connection)
{
        connection->server = server;
        connection->next = server->connections;
        if (connection->next)
                connection->next->previous = connection;
        server->connections = connection;
        server->connection_count++;
        server->connections_ever++;
        server->stranger_count += !connection->peer.may_drive;
}

static void connection_free(struct connection *connection)
{
        struct server *server = connection->server;
        if (connection->next)
                connection->next->previous = connection->previous;
        if (connection->previous)
                connection->previous->next = connection->next;
        else
                server->connections = connection->next;
        server->connection_count--;
        server->stranger_count -= !connection->peer.may_drive;
        free(connection);
        listen_again(server);
}

static void on_connection(
        void *userdata, struct MHD_Connection *http, void **context, enum MHD_ConnectionNotificationCode what)
{
        struct server *server = userdata;
        if (what == MHD_CONNECTION_NOTIFY_STARTED) {
                *context = server->arriving;
                server->arriving = NULL;
        } else if (*context) {
                connection_free(*context);
                *context = NULL;
        }
}

static void send_away(int fd)
{
        static const char reply[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
                                    "Connection: close\r\nContent-Length: 0\r\n\r\n";
        (void)!send(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)close(fd);
}

/* Who comes by TCP shows with each request what it may do; until then it is a stranger. */
static struct peer peer_on(const struct listening *listening, int fd)
{
        static const int yes = 1;
        if (!listening->remote)
                return peer_of(fd, listening->server->group);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
        return (struct peer){.uid = (uid_t)-1};
}

static void add_connection(
        const struct listening *listening, int fd, const struct sockaddr_storage *address, socklen_t size)
{
        struct server *server = listening->server;
        struct peer peer = peer_on(listening, fd);
        if (!peer.may_drive && server->stranger_count >= SERVER_STRANGERS) {
                server->strangers_wait = true;
                send_away(fd);
                return;
        }
        struct connection *connection = memory_new(sizeof(*connection));
        *connection = (struct connection){
                .peer = peer, .fd = fd, .remote = listening->remote, .since_ms = clock_steady_ms()};
        connection_link(server, connection);
        server->arriving = connection;
        /* On failure libmicrohttpd has closed the descriptor. */
        if (MHD_add_connection(server->http, fd, (const struct sockaddr *)address, size) != MHD_YES)
                log_write(LOG_LEVEL_WARNING, NULL, "a connection could not be taken: %s", strerror(errno));
        if (server->arriving) {
                server->arriving = NULL;
                connection_free(connection);
        }
}

static void stop_listening(struct server *server)
{
        for (size_t i = 0; i < server->listening_count; i++)
                uv_poll_stop(&server->listening[i].poll);
}

static void accept_some(struct listening *listening)
{
        struct server *server = listening->server;
        for (int i = 0; i < ACCEPTS_AT_ONCE && server->connection_count < SERVER_CONNECTIONS; i++) {
                struct sockaddr_storage address = {.ss_family = AF_UNIX};
                socklen_t size = sizeof(address);
                int fd = accept4(
                        listening->fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd >= 0) {
                        add_connection(listening, fd, &address, size);
                        continue;
                }
                if (errno == EINTR || errno == ECONNABORTED)
                        continue;
                if (errno != EAGAIN)
                        uv_poll_stop(&listening->poll); /* no descriptors, no memory: the sweep tries again */
                break;
        }
}

static void on_connectable(uv_poll_t *poll, int status, int events)
{
        struct listening *listening = poll->data;
        struct server *server = listening->server;
        accept_some(listening);
        if (server->connection_count >= SERVER_CONNECTIONS)
                stop_listening(server);
        turn(server);
}

static bool somebody_waits(const struct server *server)
{
        for (size_t i = 0; server->connection_count >= SERVER_CONNECTIONS && i < server->listening_count;
                i++) {
                struct pollfd poll_fd = {.fd = server->listening[i].fd, .events = POLLIN};
                if (poll(&poll_fd, 1, 0) == 1)
                        return true;
        }
        return false;
}

/* libmicrohttpd ends connections that are silent; here end those that trickle: a request that takes longer
 * to arrive, or a reply longer to be read, than anyone honest needs, and less than that while there is no
 * room. */
static void end_slow_connections(struct server *server)
{
        uint64_t now = clock_steady_ms();
        uint64_t pressed_ms = server->request_ms < PRESSED_MS ? server->request_ms : PRESSED_MS;
        bool pressed = somebody_waits(server);
        for (struct connection *connection = server->connections; connection; connection = connection->next) {
                bool short_of_room = pressed || (server->strangers_wait && !connection->peer.may_drive);
                uint64_t patience_ms = short_of_room ? pressed_ms : server->request_ms;
                if (!connection->excused && now - connection->since_ms > patience_ms)
                        (void)shutdown(connection->fd, SHUT_RDWR);
        }
        server->strangers_wait = false;
}

static void on_sweep(uv_timer_t *timer)
{
        struct server *server = timer->data;
        end_slow_connections(server);
        exchanges_check(server);
        exchanges_tell_refusals(server);
        listen_again(server);
}

static void on_soon(uv_timer_t *timer)
{
        exchanges_check(timer->data);
}

void server_check_in(struct server *server, uint64_t delay_ms)
{
        if (!uv_is_active((uv_handle_t *)&server->soon))
                uv_timer_start(&server->soon, on_soon, delay_ms, 0);
}

void server_changed(struct server *server)
{
        server->changes++;
        exchanges_check(server);
}

uint64_t server_connections(const struct server *server)
{
        return server->connections_ever;
}

bool server_rests(const struct server *server)
{
        return server->connection_count == 0 && server->jobs == 0;
}

void server_refuse(struct server *server)
{
        server->refuses = true;
        stop_listening(server);
}

static void count_closed(uv_handle_t *handle)
{
        struct server *server = handle->data;
        if (--server->open_handles > 0)
                return;
        void (*on_closed)(void *userdata) = server->on_closed;
        void *userdata = server->userdata;
        free(server);
        on_closed(userdata);
}

static void close_handle(struct server *server, uv_handle_t *handle)
{
        handle->data = server;
        server->open_handles++;
        uv_close(handle, count_closed);
}

static void close_handles(struct server *server)
{
        close_handle(server, (uv_handle_t *)&server->poll);
        close_handle(server, (uv_handle_t *)&server->timer);
        close_handle(server, (uv_handle_t *)&server->sweep);
        close_handle(server, (uv_handle_t *)&server->soon);
        for (size_t i = 0; i < server->listening_count; i++)
                close_handle(server, (uv_handle_t *)&server->listening[i].poll);
}

void server_close_when_quiet(struct server *server)
{
        if (!server->closing || server->jobs > 0)
                return;
        exchanges_wake_all(server);
        /* The first run takes the suspended connections back, the second hands out their replies. */
        MHD_run(server->http);
        MHD_run(server->http);
        uv_poll_stop(&server->poll);
        MHD_stop_daemon(server->http);
        close_handles(server);
}

void server_close(struct server *server, void (*on_closed)(void *userdata), void *userdata)
{
        server->closing = true;
        server->on_closed = on_closed;
        server->userdata = userdata;
        stop_listening(server);
        for (size_t i = 0; i < server->listening_count; i++)
                closep(&server->listening[i].fd);
        server_close_when_quiet(server);
}

static struct MHD_Daemon *start_http(struct server *server, const struct server_options *options)
{
        unsigned idle_s = (unsigned)(options->idle_s ? options->idle_s : IDLE_S);
        return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
                NULL, exchange_handle, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS,
                MHD_OPTION_CONNECTION_MEMORY_LIMIT, HEADER_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, idle_s,
                MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
                on_connection, server, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static void start_watching(struct server *server, uv_loop_t *loop, int epoll_fd)
{
        uv_poll_init(loop, &server->poll, epoll_fd);
        uv_timer_init(loop, &server->timer);
        uv_timer_init(loop, &server->sweep);
        uv_timer_init(loop, &server->soon);
        server->poll.data = server->timer.data = server->sweep.data = server->soon.data = server;
        server->on_timer = on_timer;
        uv_poll_start(&server->poll, UV_READABLE, on_readable);
        uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void listen_on(struct server *server, int fd, bool remote)
{
        struct listening *listening = &server->listening[server->listening_count++];
        *listening = (struct listening){.server = server, .fd = fd, .remote = remote};
        uv_poll_init(server->loop, &listening->poll, fd);
        listening->poll.data = listening;
        uv_poll_start(&listening->poll, UV_READABLE, on_connectable);
}

int server_new(const struct server_options *options, struct server **ret, struct error *err)
{
        struct server *server = memory_new(sizeof(*server));
        server->loop = options->loop;
        server->api = options->api;
        server->group = options->group;
        server->request_ms = (options->request_s ? options->request_s : REQUEST_S) * 1000;
        server->http = start_http(server, options);
        if (!server->http) {
                int number = errno;
                free(server);
                return error_set_errno(err, number, "starting the HTTP server");
        }
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->http, MHD_DAEMON_INFO_EPOLL_FD);
        start_watching(server, options->loop, info->epoll_fd);
        listen_on(server, options->listen_fd, false);
        if (options->tcp_fd > 0)
                listen_on(server, options->tcp_fd, true);
        *ret = server;
        return 0;
}
