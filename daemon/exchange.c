/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/exchange.h"

#include "lib/clock.h"
#include "lib/log.h"

#include <poll.h>
#include <string.h>

/* At once, of SERVER_POOL_THREADS: the others serve what is quick. */
#define SLOW_JOBS 2
#define COMMAND_JOBS 2
/* Refused requests that are logged one by one, in that time; who is refused must not fill the disk. */
#define REFUSALS_TOLD 10
#define REFUSALS_MS 10000
#define HEARTBEAT_MS 15000
#define PROGRESS_MS 500 /* between two that a stream tells */
/* Of whatever is no page: opened as one, it can do nothing. */
#define NO_CONTENT_POLICY "default-src 'none'; frame-ancestors 'none'"
#define STREAM_BLOCK ((size_t)16 * 1024)

struct exchange {
        struct connection *connection;
        struct MHD_Connection *http;
        struct api_request request;
        struct api_reply reply;
        struct buffer body;
        bool too_large;
        bool ready; /* reply is what is sent next */
        enum api_work_kind kind;
        bool told; /* of a stream: what has been told last, when, and which change that was */
        uint64_t told_ms, told_change;
        uv_work_t work;
        /* while it waits, or streams: */
        struct exchange *previous, *next; /* in server->waiting */
        bool waiting;
        bool loading;
        bool ended; /* the stream could not go on */
        uint64_t deadline_ms; /* of a waiting status, or the next sign of life of a stream */
        struct buffer chunk; /* of the stream, not yet sent */
        size_t chunk_sent;
};

static struct server *server_of(struct exchange *exchange)
{
        return exchange->connection->server;
}

/* libmicrohttpd does not look at a suspended connection, so nobody else sees that its peer has closed it. */
static bool peer_is_gone(const struct connection *connection)
{
        struct pollfd poll_fd = {.fd = connection->fd};
        return poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & (POLLHUP | POLLERR);
}

/* Waiting and waking */

static void suspend(struct exchange *exchange)
{
        exchange->connection->excused = true;
        MHD_suspend_connection(exchange->http);
}

/* A stream may last; whatever else is resumed is a reply that must be read in time. */
static void resume(struct exchange *exchange)
{
        exchange->connection->excused = exchange->reply.kind == API_REPLY_EVENTS;
        exchange->connection->since_ms = clock_steady_ms();
        MHD_resume_connection(exchange->http);
        server_turn_soon(server_of(exchange));
}

static void wait_for_event(struct exchange *exchange, uint64_t patience_ms)
{
        struct server *server = server_of(exchange);
        exchange->waiting = true;
        exchange->deadline_ms = clock_steady_ms() + patience_ms;
        exchange->previous = NULL;
        exchange->next = server->waiting;
        if (exchange->next)
                exchange->next->previous = exchange;
        server->waiting = exchange;
        suspend(exchange);
}

static void wake(struct exchange *exchange)
{
        struct server *server = server_of(exchange);
        if (exchange->next)
                exchange->next->previous = exchange->previous;
        if (exchange->previous)
                exchange->previous->next = exchange->next;
        else
                server->waiting = exchange->next;
        exchange->waiting = false;
        resume(exchange);
}

static bool owes_progress(const struct exchange *exchange)
{
        return exchange->reply.progress &&
               (!exchange->told || exchange->told_change != exchange->connection->server->changes);
}

/* 0: now. */
static uint64_t progress_due_ms(const struct exchange *exchange)
{
        uint64_t now = clock_steady_ms(), due = exchange->told_ms + PROGRESS_MS;
        return exchange->told && due > now ? due - now : 0;
}

static void tell_progress(struct exchange *exchange)
{
        struct server *server = server_of(exchange);
        if (!owes_progress(exchange) || progress_due_ms(exchange) > 0)
                return;
        exchange->told = true;
        exchange->told_ms = clock_steady_ms();
        exchange->told_change = server->changes;
        api_progress_event(server->api, &exchange->request, &exchange->chunk);
}

static void load_on_pool(uv_work_t *work)
{
        struct exchange *exchange = work->data;
        _cleanup_(error_deinit) struct error err = {0};
        if (api_event_stream(server_of(exchange)->api, &exchange->reply.after, &exchange->chunk, &err) == 0)
                return;
        log_write(LOG_LEVEL_WARNING, NULL, "a stream of events ends: %s", error_message(&err));
        exchange->ended = true;
}

static void on_loaded(uv_work_t *work, int status)
{
        struct exchange *exchange = work->data;
        struct server *server = server_of(exchange);
        exchange->loading = false;
        server->jobs--;
        tell_progress(exchange);
        if (exchange->chunk.size > 0 || exchange->ended)
                wake(exchange);
        server_close_when_quiet(server);
}

static void load_events(struct exchange *exchange)
{
        struct server *server = server_of(exchange);
        exchange->loading = true;
        exchange->work.data = exchange;
        server->jobs++;
        uv_queue_work(server->loop, &exchange->work, load_on_pool, on_loaded);
}

static void check_stream(struct exchange *exchange, int64_t last_event)
{
        if (exchange->loading)
                return;
        if (last_event > exchange->reply.after) {
                load_events(exchange);
                return;
        }
        tell_progress(exchange);
        /* A comment: shows both sides whether the other one is still there. */
        if (exchange->chunk.size == 0 && clock_steady_ms() >= exchange->deadline_ms)
                buffer_append_string(&exchange->chunk, ":\n\n");
        if (exchange->chunk.size > 0)
                wake(exchange);
        else if (owes_progress(exchange))
                server_check_in(server_of(exchange), progress_due_ms(exchange));
}

static void check_status(struct exchange *exchange, int64_t last_event)
{
        if (last_event == exchange->reply.after && clock_steady_ms() < exchange->deadline_ms)
                return;
        api_status(server_of(exchange)->api, &exchange->request, &exchange->reply);
        wake(exchange);
}

static void check(struct exchange *exchange, int64_t last_event)
{
        if (!exchange->loading && peer_is_gone(exchange->connection)) {
                exchange->ended = true;
                wake(exchange);
                return;
        }
        if (exchange->reply.kind == API_REPLY_EVENTS)
                check_stream(exchange, last_event);
        else
                check_status(exchange, last_event);
}

void exchanges_check(struct server *server)
{
        if (!server->waiting || server->closing)
                return;
        int64_t last_event = api_last_event(server->api);
        for (struct exchange *exchange = server->waiting, *next; exchange; exchange = next) {
                next = exchange->next;
                check(exchange, last_event);
        }
}

void exchanges_wake_all(struct server *server)
{
        while (server->waiting)
                wake(server->waiting);
}

/* libmicrohttpd wants more of the stream. */
static ssize_t read_stream(void *userdata, uint64_t position, char *data, size_t size)
{
        struct exchange *exchange = userdata;
        size_t left = exchange->chunk.size - exchange->chunk_sent;
        if (left > 0) {
                size_t length = left < size ? left : size;
                memcpy(data, exchange->chunk.data + exchange->chunk_sent, length);
                exchange->chunk_sent += length;
                return (ssize_t)length;
        }
        if (exchange->ended || server_of(exchange)->closing)
                return MHD_CONTENT_READER_END_OF_STREAM;
        buffer_deinit(&exchange->chunk);
        exchange->chunk_sent = 0;
        wait_for_event(exchange, HEARTBEAT_MS);
        check_stream(exchange, api_last_event(server_of(exchange)->api));
        return 0;
}

/* The reply */

static struct MHD_Response *response_of(struct exchange *exchange)
{
        struct api_reply *reply = &exchange->reply;
        if (reply->kind == API_REPLY_EVENTS && !string_equal(exchange->request.method, "HEAD")) {
                /* At once, so that the reader gets its headers. */
                buffer_append_string(&exchange->chunk, "retry: 2000\n\n");
                tell_progress(exchange);
                return MHD_create_response_from_callback(
                        MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, exchange, NULL);
        }
        size_t size = reply->body.size;
        return MHD_create_response_from_buffer(size, buffer_steal(&reply->body), MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_reply(struct exchange *exchange)
{
        struct api_reply *reply = &exchange->reply;
        struct MHD_Response *response = response_of(exchange);
        if (!response)
                return MHD_NO;
        api_count(server_of(exchange)->api, &exchange->request, reply->status);
        MHD_add_response_header(response, "Content-Type", reply->content_type);
        MHD_add_response_header(response, "Cache-Control", reply->cache ? reply->cache : "no-store");
        MHD_add_response_header(
                response, "Content-Security-Policy", reply->policy ? reply->policy : NO_CONTENT_POLICY);
        MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
        if (reply->kind == API_REPLY_EVENTS)
                MHD_add_response_header(response, "X-Accel-Buffering", "no"); /* nginx's, and others' */
        if (reply->etag)
                MHD_add_response_header(response, "ETag", reply->etag);
        if (reply->status == 401)
                MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"mautic-upgraded\"");
        if (reply->allow)
                MHD_add_response_header(response, "Allow", reply->allow);
        if (reply->retry_after_s > 0) {
                char seconds[16];
                snprintf(seconds, sizeof(seconds), "%u", reply->retry_after_s);
                MHD_add_response_header(response, "Retry-After", seconds);
        }
        enum MHD_Result r = MHD_queue_response(exchange->http, reply->status, response);
        MHD_destroy_response(response);
        return r;
}

/* The log */

static void log_request(const struct exchange *exchange, enum log_level level, const char *what)
{
        char uid[16], pid[16];
        const struct connection *connection = exchange->connection;
        snprintf(uid, sizeof(uid), "%u", (unsigned)connection->peer.uid);
        snprintf(pid, sizeof(pid), "%d", (int)connection->peer.pid);
        const struct log_field fields[] = {
                {connection->remote ? "peer" : "peer_uid", connection->remote ? "tcp" : uid},
                {"peer_pid", connection->remote ? NULL : pid}, {NULL, NULL}};
        log_write(level, fields, "%s %.200s %s with %u", exchange->request.method, exchange->request.path,
                what, exchange->reply.status);
}

void exchanges_tell_refusals(struct server *server)
{
        uint64_t now = clock_steady_ms();
        if (now - server->refused_ms < REFUSALS_MS)
                return;
        if (server->refused > REFUSALS_TOLD)
                log_write(LOG_LEVEL_WARNING, NULL, "%zu more requests were refused",
                        server->refused - REFUSALS_TOLD);
        server->refused_ms = now;
        server->refused = 0;
}

/* Who drove, and who would have, is written down. */
static void log_command(const struct exchange *exchange)
{
        if (string_equal(exchange->request.method, "POST"))
                log_request(exchange, LOG_LEVEL_INFO, "answered");
}

static void log_refusal(struct exchange *exchange)
{
        struct server *server = server_of(exchange);
        if (!string_equal(exchange->request.method, "POST"))
                return;
        exchanges_tell_refusals(server);
        if (server->refused++ < REFUSALS_TOLD)
                log_request(exchange, LOG_LEVEL_WARNING, "refused");
}

/* The request */

static void refuse_for_now(struct exchange *exchange, enum reason reason, const char *why)
{
        api_reply_deinit(&exchange->reply);
        api_problem(&exchange->reply, 503, reason, "%s", why);
        exchange->reply.retry_after_s = 2;
        exchange->ready = true;
}

/* A stream or a waiting status keeps its connection: only so many, all in all and of one user. */
static bool take_waiter(struct exchange *exchange)
{
        const struct connection *own = exchange->connection;
        size_t all = 0, of_peer = 0;
        for (const struct connection *other = own->server->connections; other; other = other->next) {
                if (!other->waiter || peer_is_gone(other))
                        continue;
                all++;
                of_peer += other->peer.uid == own->peer.uid;
        }
        if (all >= SERVER_WAITERS || of_peer >= SERVER_PEER_WAITERS) {
                refuse_for_now(exchange, REASON_BUSY, "there are too many streams and waiting requests");
                return false;
        }
        exchange->connection->waiter = true;
        return true;
}

static void work_on_pool(uv_work_t *work)
{
        struct exchange *exchange = work->data;
        api_work(server_of(exchange)->api, &exchange->request, &exchange->reply);
}

static void on_worked(uv_work_t *work, int status)
{
        struct exchange *exchange = work->data;
        struct server *server = server_of(exchange);
        server->jobs--;
        server->jobs_of[exchange->kind]--;
        if (exchange->reply.kind == API_REPLY_EVENTS)
                (void)take_waiter(exchange);
        exchange->ready = true;
        log_command(exchange);
        resume(exchange);
        server_close_when_quiet(server);
}

static void start_work(struct exchange *exchange)
{
        struct server *server = server_of(exchange);
        server->jobs++;
        server->jobs_of[exchange->kind]++;
        exchange->work.data = exchange;
        suspend(exchange);
        uv_queue_work(server->loop, &exchange->work, work_on_pool, on_worked);
}

static void begin_work(struct exchange *exchange)
{
        static const struct {
                size_t most;
                const char *busy;
        } limits[API_WORK_KINDS] = {
                [API_WORK_QUICK] = {SIZE_MAX, NULL},
                [API_WORK_SLOW] = {SLOW_JOBS, "others ask the same: try again in a moment"},
                [API_WORK_COMMAND] = {COMMAND_JOBS, "other commands are being taken: try again in a moment"},
        };
        struct server *server = server_of(exchange);
        exchange->kind = api_work_kind(&exchange->request);
        if (server->closing)
                refuse_for_now(exchange, REASON_STOPPING, "the daemon is stopping");
        else if (server->jobs_of[exchange->kind] >= limits[exchange->kind].most)
                refuse_for_now(exchange, REASON_BUSY, limits[exchange->kind].busy);
        else
                start_work(exchange);
}

static void begin(struct exchange *exchange)
{
        struct server *server = server_of(exchange);
        exchange->request.body = exchange->body.data;
        exchange->request.body_size = exchange->body.size;
        exchange->request.has_body = exchange->body.size > 0;
        exchange->ready = true;
        if (exchange->too_large) {
                api_problem(&exchange->reply, 413, REASON_INVALID_ARGUMENT, "a body may have %zu bytes",
                        API_BODY_LIMIT);
        } else if (api_begin(server->api, &exchange->request, &exchange->reply) == API_WORK) {
                exchange->ready = false;
                begin_work(exchange);
        } else if (exchange->reply.kind == API_REPLY_STATUS && !server->closing &&
                   api_last_event(server->api) == exchange->reply.after && take_waiter(exchange)) {
                wait_for_event(exchange, (uint64_t)exchange->reply.wait_s * 1000);
        }
        if (exchange->ready)
                log_refusal(exchange); /* a command that is not refused is work */
}

static enum MHD_Result add_parameter(
        void *userdata, enum MHD_ValueKind kind, const char *name, const char *value)
{
        struct api_request *request = userdata;
        if (request->query_count < API_QUERY_LIMIT) {
                request->query[request->query_count].name = name;
                request->query[request->query_count].value = value;
        }
        request->query_count++;
        return MHD_YES;
}

static const char *header(struct MHD_Connection *http, const char *name)
{
        return MHD_lookup_connection_value(http, MHD_HEADER_KIND, name);
}

static struct exchange *exchange_new(struct MHD_Connection *http, const char *url, const char *method)
{
        struct exchange *exchange = memory_new(sizeof(*exchange));
        exchange->http = http;
        exchange->connection =
                MHD_get_connection_info(http, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
        exchange->request = (struct api_request){
                .method = method,
                .path = url,
                .content_type = header(http, "Content-Type"),
                .accept = header(http, "Accept"),
                .last_event_id = header(http, "Last-Event-ID"),
                .origin = header(http, "Origin"),
                .host = header(http, "Host"),
                .forwarded_host = header(http, "X-Forwarded-Host"),
                .if_none_match = header(http, "If-None-Match"),
                .fetch_site = header(http, "Sec-Fetch-Site"),
                .authorization = header(http, "Authorization"),
                .remote = exchange->connection->remote,
                .may_drive = exchange->connection->peer.may_drive,
        };
        MHD_get_connection_values(http, MHD_GET_ARGUMENT_KIND, add_parameter, &exchange->request);
        return exchange;
}

/* True when the header says already that the body is too large: it is not waited for then. */
static bool announces_too_much(struct MHD_Connection *http)
{
        const char *length = header(http, "Content-Length");
        return length && strtoull(length, NULL, 10) > API_BODY_LIMIT;
}

static void take_body(struct exchange *exchange, const char *data, size_t size)
{
        exchange->too_large = exchange->too_large || size > API_BODY_LIMIT - exchange->body.size;
        if (!exchange->too_large)
                buffer_append(&exchange->body, data, size);
}

enum MHD_Result exchange_handle(void *userdata, struct MHD_Connection *http, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size, void **context)
{
        struct exchange *exchange = *context;
        if (!exchange) {
                *context = exchange = exchange_new(http, url, method);
                if (!announces_too_much(http))
                        return MHD_YES;
                exchange->too_large = true;
        }
        if (*upload_size > 0) {
                take_body(exchange, upload, *upload_size);
                *upload_size = 0;
                return MHD_YES;
        }
        if (!exchange->ready)
                begin(exchange);
        return exchange->ready && !exchange->waiting ? send_reply(exchange) : MHD_YES;
}

void exchange_completed(
        void *userdata, struct MHD_Connection *http, void **context, enum MHD_RequestTerminationCode code)
{
        struct exchange *exchange = *context;
        if (!exchange)
                return;
        exchange->connection->since_ms = clock_steady_ms();
        exchange->connection->excused = exchange->connection->waiter = false;
        api_reply_deinit(&exchange->reply);
        buffer_deinit(&exchange->body);
        buffer_deinit(&exchange->chunk);
        free(exchange);
        *context = NULL;
}
