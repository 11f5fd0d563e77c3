/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the routes answer: JSON made from a snapshot, or by asking disk and database. */

#include "daemon/api.h"
#include "daemon/metrics.h"
#include "states/backup_facts.h"

#include <jansson.h>
#include <pthread.h>

struct api {
        struct api_options options;
        pthread_mutex_t mutex; /* for what follows */
        json_t *findings; /* of the last POST /v1/preflight, or NULL */
        bool checking;
        /* The loop thread's: */
        struct request_counts *requests;
        struct {
                struct snapshot *snapshot; /* what it was made from */
                uint64_t made_ms;
                char *text;
        } status[2]; /* without and with may_drive */
};

/* Fills reply, or returns -1 with *err, which becomes a problem. */
typedef int (*api_answer)(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);

int answer_backup(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_prefetch(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_prefetch_cancel(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_backup_verify(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_cancel(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_clean(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_clean_preview(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_error_code(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_error_codes(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_events(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_log(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_metrics(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_migration(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_migrations(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_openapi(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_page(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_page_asset(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_plan(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_preflight(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_resume(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_rollback(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_rollback_preview(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_run_preflight(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_schema_dump(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_schema_force(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_stages(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_start(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_status(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
/* As answer_status without a query, on any thread. */
int answer_status_now(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);
int answer_support(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);

/* What stands now; owned by the caller. */
struct snapshot *api_snapshot(struct api *api);
/* The request's body, which must be a JSON object; none is an empty one. Owned by the caller. */
int api_body_object(const struct api_request *request, json_t **ret, struct error *err) _must_check;
/* The part of the path behind the route's last '/'. */
const char *api_path_tail(const struct api_request *request);
/* A whole number in the query, within the bounds of api_parameters; fallback when it is not given. */
int api_query_number(const struct api_request *request, const char *name, int64_t fallback, int64_t *ret,
        struct error *err) _must_check;
/* Whether the header Accept (NULL: not given) names that media type itself. */
bool api_accepts(const char *accept, const char *type);
/* A text in the query; NULL when it is not given. Borrowed. */
const char *api_query_text(const struct api_request *request, const char *name);
/* The answer to a command that has been taken: 202 with where the upgrade stands now. */
void api_reply_taken(struct api *api, enum upgrade_event command, struct api_reply *reply);
/* Takes value over and makes it the reply's body. */
void api_reply_json(struct api_reply *reply, unsigned status, json_t *value);
/* {"id", "meaning"} of a boundary. */
json_t *api_boundary(enum boundary boundary);
/* What is known of the backup, or null: none has been made. */
json_t *api_backup(const struct backup_facts *backup);
/* A recorded verification of the backup as it is, or null: none, or a record that is none. */
json_t *api_verification(const char *text);
/* "2026-11-22T16:23:15.123Z", or null for 0. */
json_t *api_time(int64_t wall_ms);
/* The commands that this state allows. */
json_t *api_allowed(enum upgrade_state state);
