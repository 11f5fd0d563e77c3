/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The API, without a socket: a request in, a reply out.
 *
 * api_begin decides on any request at once, from memory (API_ANSWERED), or says that it takes a disk or a
 * database (API_WORK): api_work then does it on another thread. The routes are one table; the list at
 * GET /v1 and the daemon's help are made from it.
 */

#include "daemon/token.h"
#include "lib/cancel.h"
#include "lib/config.h"
#include "lib/memory.h"
#include "states/backup_verify.h"
#include "states/checks.h"
#include "states/schema_update.h"
#include "states/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

#define API_BODY_LIMIT ((size_t)64 * 1024)
#define API_QUERY_LIMIT 8

/* What stands behind the API: the runner, or a test's own. Any thread may call these. */
struct api_upgrade {
        struct snapshot *(*snapshot)(void *userdata);
        int (*command)(void *userdata, enum upgrade_event command, const char *const *accepted,
                size_t accepted_count, struct error *err);
        int (*check)(void *userdata, struct cancel *cancel, struct findings *ret, struct error *err);
        int (*schema)(
                void *userdata, const struct schema_order *order, struct schema_plan *ret, struct error *err);
        int (*rollback)(void *userdata, bool files_only, struct error *err);
        int (*prefetch)(void *userdata, struct error *err);
        int (*prefetch_cancel)(void *userdata, struct error *err);
        int (*verify)(void *userdata, struct backup_verification *ret, struct error *err);
        void *userdata;
};

struct api_options {
        const struct config *config; /* borrowed, as is all here */
        const char *site;
        const char *state_path;
        struct api_upgrade upgrade;
        const struct token *token; /* of those who come by TCP; NULL: none */
        struct cancel *cancel; /* ends long work when the daemon stops */
};

struct api;
struct api *api_new(const struct api_options *options);
void api_free(struct api *api);
DEFINE_CLEANUP(struct api *, api_free);

struct api_request {
        const char *method;
        const char *path;
        struct {
                const char *name;
                const char *value; /* NULL: a name alone */
        } query[API_QUERY_LIMIT];
        size_t query_count; /* may exceed API_QUERY_LIMIT: then it is refused */
        const char *content_type; /* this and what follows: headers, NULL when not given */
        const char *accept;
        const char *last_event_id;
        const char *origin;
        const char *host;
        const char *forwarded_host; /* X-Forwarded-Host */
        const char *if_none_match;
        const char *fetch_site; /* Sec-Fetch-Site */
        const char *authorization;
        bool remote; /* came by TCP: what it may do depends on its token */
        bool has_body;
        const char *body;
        size_t body_size;
        bool may_drive; /* the peer is root, the daemon's own user or in the configured group */
        const struct api_route *route; /* api_begin's own */
};

enum api_reply_kind {
        API_REPLY_WHOLE, /* body is all of it */
        API_REPLY_EVENTS, /* a stream of events behind `after`, without end */
        API_REPLY_STATUS, /* the status once the newest event is not `after` any more, or after wait_s */
};

struct api_reply {
        enum api_reply_kind kind;
        unsigned status;
        const char *content_type; /* static */
        const char *cache; /* Cache-Control, static; NULL: no-store */
        const char *etag; /* static, or NULL */
        const char *policy; /* Content-Security-Policy, static; NULL: nothing is allowed */
        char *allow; /* the Allow header, or NULL; owned */
        unsigned retry_after_s; /* 0: none */
        struct buffer body;
        int64_t after;
        bool progress; /* the stream also tells where the upgrade stands */
        unsigned wait_s;
};
void api_reply_deinit(struct api_reply *reply);
#define _cleanup_api_reply_ _cleanup_(api_reply_deinit)

enum api_turn { API_ANSWERED, API_WORK };
enum api_turn api_begin(struct api *api, struct api_request *request, struct api_reply *reply);
void api_work(struct api *api, const struct api_request *request, struct api_reply *reply);
/* What the work waits for. Of the last two only a few may be done at once. */
enum api_work_kind {
        API_WORK_QUICK, /* the disk */
        API_WORK_SLOW, /* others: a database server, programs */
        API_WORK_COMMAND, /* the worker thread, that takes the command */
};
#define API_WORK_KINDS 3
enum api_work_kind api_work_kind(const struct api_request *request);

/* The body is larger than API_BODY_LIMIT, and the like: a problem that the transport found. */
void api_problem(struct api_reply *reply, unsigned status, enum reason reason, const char *format, ...)
        _printf(4, 5);
/* Counts what is sent, for /metrics; the loop thread's. */
void api_count(struct api *api, const struct api_request *request, unsigned status);
/* The sequence of the newest event. */
int64_t api_last_event(struct api *api);
/* GET /v1/status as it is now. */
void api_status(struct api *api, const struct api_request *request, struct api_reply *reply);

/* Events behind *after as server-sent events; *after is moved to the last of them. Reads the disk. */
int api_event_stream(struct api *api, int64_t *after, struct buffer *ret, struct error *err) _must_check;
/* Where the upgrade stands, as a server-sent event without an id, from memory. */
void api_progress_event(struct api *api, const struct api_request *request, struct buffer *ret);

/* The i-th route, for help texts; false behind the last. */
bool api_describe(size_t index, const char **ret_method, const char **ret_path, const char **ret_text);
