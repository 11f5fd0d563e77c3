/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/answers.h"

#include "lib/clock.h"
#include "lib/error_codes.h"
#include "lib/text.h"
#include "states/stages.h"

#include <string.h>

#define STATUS_FRESH_MS 20
#define ACCEPTED_LIMIT 100
#define ACCEPTED_ID_LIMIT 64

struct snapshot *api_snapshot(struct api *api)
{
        return api->options.upgrade.snapshot(api->options.upgrade.userdata);
}

int64_t api_last_event(struct api *api)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        return snapshot->last_sequence;
}

static json_t *known(int64_t number)
{
        return number > 0 ? json_integer(number) : json_null();
}

/* Seconds from start to end, or until now. */
static json_t *elapsed(int64_t started_ms, int64_t finished_ms)
{
        int64_t end_ms = finished_ms > 0 ? finished_ms : clock_wall_ms();
        if (started_ms == 0)
                return json_null();
        return json_real(end_ms > started_ms ? (double)(end_ms - started_ms) / 1000.0 : 0.0);
}

static json_t *downtime_json(const struct downtime *downtime)
{
        int64_t ms = downtime_ms(downtime, clock_wall_ms());
        return ms < 0 ? json_null() : json_real((double)ms / 1000.0);
}

/* running: it is at work there, so that it has a rate and an end; else NULL. */
static json_t *progress_json(struct snapshot_amount amount, const struct snapshot *running)
{
        if (!amount.unit)
                return json_null();
        json_t *progress = json_pack("{s:I, s:o, s:s}", "done", (json_int_t)amount.done, "total",
                known((int64_t)amount.total), "unit", amount.unit);
        if (running) {
                json_object_set_new(progress, "rate_per_second", known((int64_t)running->rate_per_s));
                json_object_set_new(progress, "eta_seconds",
                        running->eta_ms >= 0 ? json_integer((running->eta_ms + 999) / 1000) : json_null());
        }
        return progress;
}

static json_t *error_json(const struct snapshot *snapshot)
{
        if (!snapshot->error.code)
                return json_null();
        enum error_code code = error_code_from_name(snapshot->error.code);
        enum reason reason = reason_from_name(snapshot->error.reason);
        _cleanup_free_ char *link = code ? error_code_link(code) : NULL;
        const char *anchor = link ? strchr(link, '#') : NULL;
        json_t *acceptable = json_array();
        for (size_t i = 0; i < strings_count(snapshot->error.acceptable); i++)
                json_array_append_new(acceptable, text_json(snapshot->error.acceptable[i]));
        return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "code",
                text_json(snapshot->error.code), "reason", text_json(snapshot->error.reason), "message",
                text_json(snapshot->error.message), "meaning", text_json(error_code_meaning(code)), "advice",
                text_json(error_code_advice(code)), "next", text_json(reason_advice(reason)), "link",
                text_json(link), "anchor", text_json(anchor ? anchor + 1 : NULL), "acceptable", acceptable);
}

static json_t *stages_json(const struct snapshot *snapshot)
{
        json_t *list = json_array();
        for (size_t i = 0; i < snapshot->stage_count; i++) {
                const struct stage_snapshot *stage = &snapshot->stages[i];
                const struct snapshot_amount amount = {stage->done, stage->total, stage->unit};
                json_array_append_new(list,
                        json_pack("{s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "name",
                                text_json(stage->name), "title", text_json(stage->title), "state",
                                text_json(stage_state_name(stage->state)), "error_code",
                                text_json(stage->error_code), "attempts", stage->attempts, "started_at",
                                api_time(stage->started_ms), "finished_at", api_time(stage->finished_ms),
                                "elapsed_seconds", elapsed(stage->started_ms, stage->finished_ms), "progress",
                                progress_json(amount, NULL)));
        }
        return list;
}

static size_t stages_done(const struct snapshot *snapshot)
{
        size_t done = 0;
        for (size_t i = 0; i < snapshot->stage_count; i++)
                done += snapshot->stages[i].state == STAGE_SUCCEEDED ||
                        snapshot->stages[i].state == STAGE_SKIPPED;
        return done;
}

json_t *api_boundary(enum boundary boundary)
{
        return json_pack("{s:s, s:s}", "id", boundary_name(boundary), "meaning", boundary_meaning(boundary));
}

json_t *api_verification(const char *text)
{
        json_t *verification = text ? json_loads(text, 0, NULL) : NULL;
        return verification ? verification : json_null();
}

/* The package that is fetched ahead; null: none was, or its stage has taken it. */
static json_t *prefetch_json(const struct snapshot *snapshot)
{
        if (snapshot->prefetch.state == PREFETCH_NONE)
                return json_null();
        bool has_begun = snapshot->prefetch.done > 0;
        const struct snapshot_amount amount = {
                snapshot->prefetch.done, snapshot->prefetch.total, has_begun ? "bytes" : NULL};
        return json_pack("{s:s, s:o, s:o, s:o, s:o}", "state", prefetch_state_name(snapshot->prefetch.state),
                "progress", progress_json(amount, NULL), "reason",
                text_json(reason_name(snapshot->prefetch.reason)), "message",
                text_json(snapshot->prefetch.message), "next",
                text_json(reason_advice(snapshot->prefetch.reason)));
}

static json_t *status_json(
        const struct api *api, const struct api_request *request, const struct snapshot *snapshot)
{
        const struct stage_snapshot *stage = snapshot_current_stage(snapshot);
        json_t *status = json_object();
        json_object_set_new(status, "program", json_string("mautic-upgraded"));
        json_object_set_new(status, "version", json_string(PROJECT_VERSION));
        json_object_set_new(status, "site", text_json(api->options.site));
        json_object_set_new(status, "root", text_json(snapshot->root));
        json_object_set_new(status, "uuid", text_json(snapshot->uuid));
        json_object_set_new(status, "from_version", text_json(snapshot->from_version));
        json_object_set_new(status, "to_version", text_json(snapshot->to_version));
        json_object_set_new(status, "state", text_json(upgrade_state_name(snapshot->state)));
        json_object_set_new(status, "state_meaning", text_json(upgrade_state_meaning(snapshot->state)));
        json_object_set_new(status, "waiting_for_user", json_boolean(snapshot->waiting_for_user));
        json_object_set_new(status, "stage", text_json(snapshot->stage));
        json_object_set_new(status, "title", text_json(stage ? stage->title : NULL));
        json_object_set_new(status, "started_at", api_time(snapshot->started_ms));
        json_object_set_new(status, "finished_at", api_time(snapshot->finished_ms));
        json_object_set_new(status, "elapsed_seconds", elapsed(snapshot->started_ms, snapshot->finished_ms));
        json_object_set_new(status, "downtime_seconds", downtime_json(&snapshot->downtime));
        json_object_set_new(status, "downtime_since",
                api_time(downtime_goes_on(&snapshot->downtime) ? snapshot->downtime.since_ms : 0));
        json_object_set_new(status, "progress", progress_json(snapshot_amount_at_work(snapshot), snapshot));
        json_object_set_new(status, "prefetch", prefetch_json(snapshot));
        json_object_set_new(status, "boundary", api_boundary(snapshot->boundary));
        json_object_set_new(status, "files_only", json_boolean(snapshot->files_only));
        json_object_set_new(status, "backup", api_verification(snapshot->backup_verification));
        json_object_set_new(status, "stages_done", json_integer((json_int_t)stages_done(snapshot)));
        json_object_set_new(status, "stages_total", json_integer((json_int_t)snapshot->stage_count));
        json_object_set_new(status, "stages", stages_json(snapshot));
        json_object_set_new(status, "error", error_json(snapshot));
        json_object_set_new(status, "allowed", api_allowed(snapshot->state));
        json_object_set_new(status, "may_drive", json_boolean(request->may_drive));
        json_object_set_new(status, "last_event", json_integer(snapshot->last_sequence));
        json_object_set_new(status, "activity_at", api_time(snapshot->activity_ms));
        json_object_set_new(status, "time", api_time(clock_wall_ms()));
        return status;
}

/* Many may ask at once, most of it is the same for a while, and making it costs more than sending it. */
static const char *status_text(struct api *api, const struct api_request *request, struct snapshot *snapshot)
{
        size_t i = request->may_drive;
        uint64_t now = clock_steady_ms();
        if (api->status[i].text && api->status[i].snapshot == snapshot &&
                now - api->status[i].made_ms < STATUS_FRESH_MS)
                return api->status[i].text;
        json_auto_t *status = status_json(api, request, snapshot);
        char *text = json_dumps(status, JSON_COMPACT);
        snapshot_unref(api->status[i].snapshot);
        api->status[i].snapshot = snapshot_ref(snapshot);
        api->status[i].made_ms = now;
        string_replace(&api->status[i].text, text ? text : string_copy("{}"));
        return api->status[i].text;
}

int answer_status_now(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        api_reply_json(reply, 200, status_json(api, request, snapshot));
        return 0;
}

static void reply_status(struct api *api, const struct api_request *request, struct api_reply *reply,
        struct snapshot *snapshot)
{
        reply->status = 200;
        reply->content_type = "application/json";
        buffer_deinit(&reply->body);
        buffer_append_string(&reply->body, status_text(api, request, snapshot));
        buffer_append(&reply->body, "\n", 1);
}

void api_status(struct api *api, const struct api_request *request, struct api_reply *reply)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        reply_status(api, request, reply, snapshot);
}

void api_progress_event(struct api *api, const struct api_request *request, struct buffer *ret)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        buffer_append_format(ret, "event: progress\ndata: %s\n\n", status_text(api, request, snapshot));
}

int answer_status(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        int64_t after, wait_s;
        if (api_query_number(request, "after", -1, &after, err) < 0 ||
                api_query_number(request, "wait", 0, &wait_s, err) < 0)
                return -1;
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        if (wait_s > 0) {
                reply->kind = API_REPLY_STATUS;
                reply->after = after >= 0 ? after : snapshot->last_sequence;
                reply->wait_s = (unsigned)wait_s;
        }
        reply_status(api, request, reply, snapshot);
        return 0;
}

int answer_stages(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        api_reply_json(reply, 200, json_pack("{s:o}", "stages", stages_json(snapshot)));
        return 0;
}

/* The stage that a code belongs to. */
static const char *stage_of(enum error_code code)
{
        for (size_t i = 0; stages[i]; i++)
                if (stages[i]->error_code == code)
                        return stages[i]->name;
        return NULL;
}

static json_t *error_code_json(enum error_code code)
{
        _cleanup_free_ char *link = error_code_link(code);
        return json_pack("{s:s, s:o, s:s, s:s, s:s}", "code", error_code_name(code), "stage",
                text_json(stage_of(code)), "meaning", error_code_meaning(code), "advice",
                error_code_advice(code), "link", link);
}

int answer_error_codes(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        json_t *codes = json_array();
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++)
                json_array_append_new(codes, error_code_json(error_code_at(i)));
        json_t *list = json_array();
        for (int i = REASON_NONE + 1; reason_name((enum reason)i); i++)
                json_array_append_new(list, json_pack("{s:s, s:s}", "reason", reason_name((enum reason)i),
                                                    "advice", reason_advice((enum reason)i)));
        api_reply_json(reply, 200, json_pack("{s:o, s:o}", "errors", codes, "reasons", list));
        return 0;
}

int answer_error_code(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        enum error_code code = error_code_from_name(api_path_tail(request));
        if (code == ERR_NONE)
                return error_set(err, REASON_NOT_FOUND,
                        "there is no error code %.64s; GET /v1/errors lists them", api_path_tail(request));
        api_reply_json(reply, 200, error_code_json(code));
        return 0;
}

struct acceptance {
        const char *ids[ACCEPTED_LIMIT];
        size_t count;
};

static int read_ids(const json_t *list, struct acceptance *ret, struct error *err)
{
        size_t i;
        json_t *id;
        if (!json_is_array(list) || json_array_size(list) > ACCEPTED_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "accept_warnings must be a list of at most %d ids", ACCEPTED_LIMIT);
        json_array_foreach(list, i, id)
        {
                size_t length = json_string_length(id);
                if (length == 0 || length > ACCEPTED_ID_LIMIT)
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "each of accept_warnings must be the id of a warning");
                ret->ids[ret->count++] = json_string_value(id);
        }
        return 0;
}

int api_body_object(const struct api_request *request, json_t **ret, struct error *err)
{
        json_error_t where;
        json_auto_t *body = request->has_body ? json_loadb(request->body, request->body_size,
                                                        JSON_REJECT_DUPLICATES, &where)
                                              : json_object();
        if (!body)
                return error_set(err, REASON_INVALID_ARGUMENT, "the body is not JSON: line %d, column %d: %s",
                        where.line, where.column, where.text);
        if (!json_is_object(body))
                return error_set(err, REASON_INVALID_ARGUMENT, "the body must be a JSON object");
        *ret = json_incref(body);
        return 0;
}

/* The strings in *ret belong to *ret_body. */
static int read_acceptance(
        const struct api_request *request, json_t **ret_body, struct acceptance *ret, struct error *err)
{
        const char *name;
        json_t *value;
        if (api_body_object(request, ret_body, err) < 0)
                return -1;
        json_object_foreach(*ret_body, name, value)
        {
                if (!string_equal(name, "accept_warnings"))
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "the body has a member %.64s that is not known; accept_warnings is", name);
                if (read_ids(value, ret, err) < 0)
                        return -1;
        }
        return 0;
}

void api_reply_taken(struct api *api, enum upgrade_event command, struct api_reply *reply)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        api_reply_json(reply, 202,
                json_pack("{s:s, s:s, s:I}", "command", upgrade_event_name(command), "state",
                        upgrade_state_name(snapshot->state), "last_event",
                        (json_int_t)snapshot->last_sequence));
}

static int command(struct api *api, enum upgrade_event event, const struct api_request *request,
        struct api_reply *reply, struct error *err)
{
        json_auto_t *body = NULL;
        struct acceptance accepted = {0};
        if (read_acceptance(request, &body, &accepted, err) < 0 ||
                api->options.upgrade.command(
                        api->options.upgrade.userdata, event, accepted.ids, accepted.count, err) < 0)
                return -1;
        api_reply_taken(api, event, reply);
        return 0;
}

int answer_start(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        return command(api, EVENT_START, request, reply, err);
}

int answer_resume(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        return command(api, EVENT_RESUME, request, reply, err);
}

int answer_cancel(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        return command(api, EVENT_CANCEL, request, reply, err);
}

static int reply_prefetch(struct api *api, struct api_reply *reply)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        api_reply_json(reply, 202, prefetch_json(snapshot));
        return 0;
}

int answer_prefetch(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        if (api->options.upgrade.prefetch(api->options.upgrade.userdata, err) < 0)
                return -1;
        return reply_prefetch(api, reply);
}

int answer_prefetch_cancel(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        if (api->options.upgrade.prefetch_cancel(api->options.upgrade.userdata, err) < 0)
                return -1;
        return reply_prefetch(api, reply);
}
