/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* HTTP over the daemon's Unix socket, through libcurl. */

#include "lib/memory.h"

#include <jansson.h>
#include <stdbool.h>

/* Whether the daemon was reached, and if not, why: each has its own remedy. */
enum reach {
        REACH_OK,
        REACH_MISSING, /* no socket is there */
        REACH_REFUSED, /* a socket is there, and nobody listens */
        REACH_FORBIDDEN, /* this user may not connect */
        REACH_LOST, /* the connection broke, or no answer came in time */
        REACH_ENDED, /* who attends to it has ended it */
};

/* For one thread at a time. */
struct connection;
struct connection *connection_new(const char *socket_path);
void connection_free(struct connection *connection);
DEFINE_CLEANUP(struct connection *, connection_free);

/* Has attend called while a request is under way: at once when one of fds (count of them, borrowed) can be
 * read, and at least ten times a second. It returns false to end the request. */
struct curl_waitfd;
void connection_attend(struct connection *connection, struct curl_waitfd *fds, unsigned count,
        bool (*attend)(void *userdata), void *userdata);

struct reply {
        long status;
        struct buffer body;
        json_t *json; /* NULL when the body is none */
};
void reply_deinit(struct reply *reply);
/* Moves *from (left empty) into *to, which is not released. */
void reply_move(struct reply *to, struct reply *from);
#define _cleanup_reply_ _cleanup_(reply_deinit)

/* body: JSON text, or NULL. timeout_s 0: none. *ret is filled when the daemon was reached. */
enum reach connection_request(struct connection *connection, const char *method, const char *path,
        const char *body, long timeout_s, struct reply *ret);

/* Follows the stream of events behind *after, which is moved along; each event's JSON goes to on_event, which
 * returns false to end it. Returns when the stream ends: REACH_OK when on_event ended it. */
enum reach connection_follow(struct connection *connection, json_int_t *after,
        bool (*on_event)(const char *json, void *userdata), void *userdata);

/* Why it was not reached, with the socket's path, and what to do (NULL: nothing); owned by the caller. One word
 * for it. */
char *connection_explain(const struct connection *connection, enum reach reach);
char *connection_advice(const struct connection *connection, enum reach reach);
const char *reach_reason(enum reach reach);
