/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/connection.h"

#include "client/sites_systemd.h"
#include "lib/config.h"
#include "lib/path.h"
#include "lib/text.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>

#define REPLY_LIMIT ((size_t)64 * 1024 * 1024)
#define EVENT_LIMIT ((size_t)1024 * 1024)
#define STREAM_SILENCE_S 60L /* the daemon gives a sign of life every 15 s */

#define ATTEND_MS 100
#define PATIENCE_MS 1000 /* nobody attends: libcurl wakes by itself */

struct connection {
        CURL *curl;
        CURLM *multi;
        char *path;
        struct curl_waitfd *fds;
        unsigned fd_count;
        bool (*attend)(void *userdata); /* NULL: nobody does */
        void *userdata;
};

/* Before 7.84 libcurl counts its users without a lock. */
static pthread_mutex_t global_mutex = PTHREAD_MUTEX_INITIALIZER;

struct connection *connection_new(const char *socket_path)
{
        struct connection *connection = memory_new(sizeof(*connection));
        pthread_mutex_lock(&global_mutex);
        curl_global_init(CURL_GLOBAL_DEFAULT);
        pthread_mutex_unlock(&global_mutex);
        connection->curl = curl_easy_init();
        connection->multi = curl_multi_init();
        if (!connection->curl || !connection->multi)
                abort(); /* out of memory */
        connection->path = string_copy(socket_path);
        return connection;
}

void connection_free(struct connection *connection)
{
        if (!connection)
                return;
        curl_easy_cleanup(connection->curl);
        curl_multi_cleanup(connection->multi);
        pthread_mutex_lock(&global_mutex);
        curl_global_cleanup();
        pthread_mutex_unlock(&global_mutex);
        free(connection->path);
        free(connection);
}

void connection_attend(struct connection *connection, struct curl_waitfd *fds, unsigned count,
        bool (*attend)(void *userdata), void *userdata)
{
        connection->fds = fds;
        connection->fd_count = count;
        connection->attend = attend;
        connection->userdata = userdata;
}

void reply_deinit(struct reply *reply)
{
        buffer_deinit(&reply->body);
        json_decref(reply->json);
        *reply = (struct reply){0};
}

void reply_move(struct reply *to, struct reply *from)
{
        *to = *from;
        *from = (struct reply){0};
}

/* libcurl says only that it could not connect: try again by hand to see why. */
static enum reach why_not_reached(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
                return REACH_MISSING;
        memcpy(address.sun_path, path, strlen(path));
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
                return REACH_LOST; /* it came between */
        switch (errno) {
        case ENOENT:
        case ENOTDIR:
                return REACH_MISSING;
        case EACCES:
        case EPERM:
                return REACH_FORBIDDEN;
        case EAGAIN: /* its queue is full */
                return REACH_LOST;
        default:
                return REACH_REFUSED;
        }
}

static CURLcode result_of(CURLM *multi)
{
        int left;
        const CURLMsg *message = curl_multi_info_read(multi, &left);
        return message && message->msg == CURLMSG_DONE ? message->data.result : CURLE_RECV_ERROR;
}

/* What curl_easy_perform does, but that a terminal and its signals are attended to meanwhile. */
static CURLcode perform(struct connection *connection)
{
        CURLM *multi = connection->multi;
        int at_work = 1, wait_ms = connection->attend ? ATTEND_MS : PATIENCE_MS;
        bool go_on = true;
        if (curl_multi_add_handle(multi, connection->curl) != CURLM_OK)
                return CURLE_FAILED_INIT;
        while (go_on && curl_multi_perform(multi, &at_work) == CURLM_OK && at_work > 0) {
                (void)curl_multi_poll(multi, connection->fds, connection->fd_count, wait_ms, NULL);
                go_on = !connection->attend || connection->attend(connection->userdata);
        }
        CURLcode code = go_on ? result_of(multi) : CURLE_ABORTED_BY_CALLBACK;
        (void)curl_multi_remove_handle(multi, connection->curl);
        return code;
}

static enum reach reach_of(const struct connection *connection, CURLcode code)
{
        if (code == CURLE_OK)
                return REACH_OK;
        if (code == CURLE_ABORTED_BY_CALLBACK)
                return REACH_ENDED;
        return code == CURLE_COULDNT_CONNECT ? why_not_reached(connection->path) : REACH_LOST;
}

static const struct {
        const char *reason;
        const char *text; /* %s: the path */
        const char *advice;
} reaches[] = {
        [REACH_OK] = {"reached", "%s answers", NULL},
        [REACH_MISSING] = {"daemon_missing", "no daemon: there is no socket %s",
                "Start mautic-upgraded, or correct --site or --socket."},
        [REACH_REFUSED] = {"daemon_ended", "no daemon listens on %s: it has ended",
                "Start mautic-upgraded again: it goes on where it stood."},
        [REACH_FORBIDDEN] = {"forbidden", "you may not connect to %s",
                "Be root, the site's own user or a member of the daemon's group."},
        [REACH_LOST] = {"no_answer", "the daemon behind %s does not answer (any more)",
                "See whether it runs, and what it has logged; started again, it goes on where it stood."},
        [REACH_ENDED] = {"not_waited_for", "%s was not waited for", NULL},
};

char *connection_explain(const struct connection *connection, enum reach reach)
{
        return text_replace(reaches[reach].text, "%s", connection->path);
}

const char *reach_reason(enum reach reach)
{
        return reaches[reach].reason;
}

/* A daemon that systemd starts may be one that it has given up. NULL: this is none of those. */
static char *advice_of_systemd(const char *socket)
{
        const char *name = path_below(socket, SITES_SOCKETS);
        int length = name ? (int)(strlen(name) - strlen(".sock")) : 0;
        if (!systemd_runs() || length <= 0 || strcmp(name + length, ".sock") != 0)
                return NULL;
        return string_format(
                "See systemctl status 'mautic-upgraded@%.*s.*'. What was started too often is given up: "
                "systemctl reset-failed 'mautic-upgraded@%.*s.*' and systemctl start "
                "mautic-upgraded@%.*s.socket bring it back, and it goes on where it stood.",
                length, name, length, name, length, name);
}

char *connection_advice(const struct connection *connection, enum reach reach)
{
        bool may_be_given_up = reach == REACH_MISSING || reach == REACH_REFUSED || reach == REACH_LOST;
        char *advice = may_be_given_up ? advice_of_systemd(connection->path) : NULL;
        return advice || !reaches[reach].advice ? advice : string_copy(reaches[reach].advice);
}

static size_t take_body(char *data, size_t size, size_t count, void *userdata)
{
        struct buffer *body = userdata;
        if (body->size + size * count > REPLY_LIMIT)
                return 0;
        buffer_append(body, data, size * count);
        return size * count;
}

static void prepare(struct connection *connection, const char *method, const char *url)
{
        CURL *curl = connection->curl;
        curl_easy_reset(curl);
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, connection->path);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
        if (string_equal(method, "POST"))
                curl_easy_setopt(curl, CURLOPT_POST, 1L);
}

static void curl_slist_freep(struct curl_slist **list)
{
        curl_slist_free_all(*list);
}

enum reach connection_request(struct connection *connection, const char *method, const char *path,
        const char *body, long timeout_s, struct reply *ret)
{
        CURL *curl = connection->curl;
        _cleanup_(curl_slist_freep) struct curl_slist *headers = NULL;
        _cleanup_free_ char *url = string_format("http://localhost%s", path);
        _cleanup_reply_ struct reply reply = {0};
        prepare(connection, method, url);
        if (string_equal(method, "POST")) {
                /* Also without a body: the daemon takes no command that a web form could send. */
                headers = curl_slist_append(NULL, "Content-Type: application/json");
                curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)(body ? strlen(body) : 0));
                curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body ? body : "");
        }
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, timeout_s);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
        enum reach reach = reach_of(connection, perform(connection));
        if (reach != REACH_OK)
                return reach;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
        const char *type = NULL;
        curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
        if (type && strstr(type, "json") && reply.body.data)
                reply.json = json_loadb(reply.body.data, reply.body.size, 0, NULL);
        reply_move(ret, &reply);
        return REACH_OK;
}

struct following {
        struct buffer pending; /* bytes of a line not yet ended */
        json_int_t *after;
        bool (*on_event)(const char *json, void *userdata);
        void *userdata;
        bool ended;
};

/* WHATWG HTML, server-sent events: id and data are what is used of it; the daemon's data has one line. */
static bool take_line(struct following *following, const char *line)
{
        if (string_begins(line, "id: "))
                *following->after = strtoll(line + 4, NULL, 10);
        if (string_begins(line, "data: "))
                return following->on_event(line + 6, following->userdata);
        return true;
}

static size_t take_stream(char *data, size_t size, size_t count, void *userdata)
{
        struct following *following = userdata;
        struct buffer *pending = &following->pending;
        buffer_append(pending, data, size * count);
        char *line = pending->data;
        for (char *end; !following->ended && (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                following->ended = !take_line(following, line);
        }
        size_t left = pending->size - (size_t)(line - pending->data);
        memmove(pending->data, line, left + 1);
        pending->size = left;
        return following->ended || left > EVENT_LIMIT ? 0 : size * count;
}

enum reach connection_follow(struct connection *connection, json_int_t *after,
        bool (*on_event)(const char *json, void *userdata), void *userdata)
{
        CURL *curl = connection->curl;
        _cleanup_(curl_slist_freep) struct curl_slist *headers = NULL;
        _cleanup_free_ char *url =
                string_format("http://localhost/v1/events?after=%" JSON_INTEGER_FORMAT, *after);
        struct following following = {.after = after, .on_event = on_event, .userdata = userdata};
        prepare(connection, "GET", url);
        headers = curl_slist_append(NULL, "Accept: text/event-stream");
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STREAM_SILENCE_S);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_stream);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &following);
        CURLcode code = perform(connection);
        buffer_deinit(&following.pending);
        if (following.ended)
                return REACH_OK;
        return code == CURLE_OK ? REACH_LOST : reach_of(connection, code);
}
