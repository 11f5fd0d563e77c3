/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answers that take a disk or a database: they run on libuv's pool, never on the loop thread. */
#include "daemon/answers.h"

#include "lib/checkpoint.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/text.h"
#include "states/stages.h"
#include "states/upgrade_log.h"

#include <string.h>

#define STREAM_EVENTS_LIMIT 256
#define LOG_BYTES_LIMIT ((off_t)512 * 1024)

static json_t *event_json(const struct event_record *event)
{
        json_t *fields = event->fields ? json_loads(event->fields, 0, NULL) : NULL;
        return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "sequence", (json_int_t)event->sequence,
                "time", api_time(event->time_ms), "type", text_json(event->type), "level",
                text_json(event->level), "stage", text_json(event->stage), "text", text_json(event->text),
                "fields", fields ? fields : json_null());
}

/* No checkpoint yet: no events. */
static int load_events(
        struct api *api, int64_t after, size_t limit, struct event_list *ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        int r = checkpoint_open_reader(api->options.state_path, &checkpoint, err);
        if (r < 0)
                return error_wrap(err, "reading the events");
        return r > 0 ? 0 : checkpoint_load_events(checkpoint, after, limit, ret, err);
}

static bool media_range_is(const char *range, size_t length, const char *type)
{
        while (length > 0 && (*range == ' ' || *range == '\t')) {
                range++;
                length--;
        }
        return length >= strlen(type) && strncasecmp(range, type, strlen(type)) == 0 &&
               (length == strlen(type) || strchr("; \t", range[strlen(type)]));
}

bool api_accepts(const char *accept, const char *type)
{
        for (const char *range = accept; range && *range;) {
                size_t length = strcspn(range, ",");
                if (media_range_is(range, length, type))
                        return true;
                range += length + (range[length] == ',');
        }
        return false;
}

/* A browser that reconnects says where it was; what it says has passed through others and may be anything. */
static int64_t last_event_id(const char *text, int64_t fallback)
{
        char *end;
        if (!text || *text < '0' || *text > '9')
                return fallback;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        return *end || errno ? fallback : number;
}

/* Where a reader that knows `after` goes on. An event that there never was belongs to a state folder that is
 * gone: its reader is told everything. */
static int find_place(struct api *api, int64_t after, int64_t *ret, struct error *err)
{
        _cleanup_event_list_ struct event_list events = {0};
        if (after > 0 && load_events(api, after - 1, 1, &events, err) < 0)
                return -1;
        *ret = events.count > 0 && events.items[0].sequence == after ? after : 0;
        return 0;
}

static int answer_stream(struct api *api, const struct api_request *request, int64_t after,
        struct api_reply *reply, struct error *err)
{
        int64_t id, progress;
        if (api_query_number(request, "last_event_id", after, &id, err) < 0 ||
                api_query_number(request, "progress", 0, &progress, err) < 0 ||
                find_place(api, last_event_id(request->last_event_id, id), &reply->after, err) < 0)
                return -1;
        reply->kind = API_REPLY_EVENTS;
        reply->progress = progress;
        reply->status = 200;
        reply->content_type = "text/event-stream";
        return 0;
}

int answer_events(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_event_list_ struct event_list events = {0};
        int64_t after, limit;
        if (api_query_number(request, "after", 0, &after, err) < 0 ||
                api_query_number(request, "limit", 100, &limit, err) < 0)
                return -1;
        if (api_accepts(request->accept, "text/event-stream"))
                return answer_stream(api, request, after, reply, err);
        if (load_events(api, after, (size_t)limit, &events, err) < 0)
                return -1;
        json_t *list = json_array();
        for (size_t i = 0; i < events.count; i++)
                json_array_append_new(list, event_json(&events.items[i]));
        json_int_t last = events.count > 0 ? events.items[events.count - 1].sequence : after;
        api_reply_json(reply, 200, json_pack("{s:o, s:I}", "events", list, "last", last));
        return 0;
}

int api_event_stream(struct api *api, int64_t *after, struct buffer *ret, struct error *err)
{
        _cleanup_event_list_ struct event_list events = {0};
        if (load_events(api, *after, STREAM_EVENTS_LIMIT, &events, err) < 0)
                return -1;
        for (size_t i = 0; i < events.count; i++) {
                const struct event_record *event = &events.items[i];
                json_t *value = event_json(event);
                char *text = json_dumps(value, JSON_COMPACT);
                json_decref(value);
                buffer_append_format(ret, "id: %lld\nevent: %s\ndata: %s\n\n", (long long)event->sequence,
                        event->type ? event->type : "log", text ? text : "{}");
                free(text);
                *after = event->sequence;
        }
        return 0;
}

/* The last `lines` lines of text. */
static const char *tail(const char *text, size_t size, int64_t lines)
{
        const char *start = text + size;
        if (start > text && start[-1] == '\n')
                start--;
        for (; start > text; start--)
                if (start[-1] == '\n' && --lines == 0)
                        break;
        return start;
}

static int read_end(int fd, off_t size, struct buffer *ret, struct error *err)
{
        off_t offset = size > LOG_BYTES_LIMIT ? size - LOG_BYTES_LIMIT : 0;
        char piece[16384];
        ssize_t length;
        while ((length = pread(fd, piece, sizeof(piece), offset)) != 0) {
                if (length < 0 && errno == EINTR)
                        continue;
                if (length < 0)
                        return error_set_errno(err, errno, "reading %s", NAME_LOG);
                buffer_append(ret, piece, (size_t)length);
                offset += length;
                if (ret->size > (size_t)(2 * LOG_BYTES_LIMIT))
                        break;
        }
        return 0;
}

struct log_place {
        const char *folder; /* the site's root or the state folder */
        char *path; /* below it; NULL: put away */
};

static void log_place_deinit(struct log_place *place)
{
        free(place->path);
}

/* Where FACT_UPGRADE_LOG says that the log is. */
static int find_log(struct api *api, struct log_place *ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_free_ char *name = NULL;
        bool in_state;
        int r = checkpoint_open_reader(api->options.state_path, &checkpoint, err);
        if (r < 0 || (r == 0 && checkpoint_get_fact(checkpoint, FACT_UPGRADE_LOG, &name, err) < 0))
                return -1;
        ret->path = string_copy(log_place_of(name, &in_state));
        ret->folder = in_state ? api->options.state_path : api->options.config->root;
        return 0;
}

/* 1: the file is not there (any more). */
static int log_from_file(struct api *api, int64_t lines, struct buffer *ret, struct error *err)
{
        _cleanup_(log_place_deinit) struct log_place place = {0};
        _cleanup_close_ int folder_fd = -1, fd = -1;
        _cleanup_buffer_ struct buffer text = {0};
        struct stat status;
        if (find_log(api, &place, err) < 0)
                return error_wrap(err, "looking for the log");
        if (!place.path)
                return 1;
        folder_fd = open(place.folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return 1;
        int r = file_open(folder_fd, place.path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, &fd, err);
        if (r != 0)
                return r;
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "reading %s", place.path);
        if (!S_ISREG(status.st_mode))
                return 1;
        if (read_end(fd, status.st_size, &text, err) < 0)
                return -1;
        if (text.size > 0)
                buffer_append_string(ret, tail(text.data, text.size, lines));
        return 0;
}

static int log_from_events(struct api *api, int64_t lines, struct buffer *ret, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        _cleanup_event_list_ struct event_list events = {0};
        int64_t after = snapshot->last_sequence > lines ? snapshot->last_sequence - lines : 0;
        if (load_events(api, after, (size_t)lines, &events, err) < 0)
                return -1;
        for (size_t i = 0; i < events.count; i++) {
                char time[20];
                clock_format_utc(events.items[i].time_ms, time);
                buffer_append_format(ret, "[%s] ", time);
                for (const char *c = events.items[i].text; c && *c; c++)
                        buffer_append(ret, (unsigned char)*c < ' ' ? " " : c, 1);
                buffer_append(ret, "\n", 1);
        }
        return 0;
}

int answer_log(struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        int64_t lines;
        if (api_query_number(request, "lines", 100, &lines, err) < 0)
                return -1;
        int r = log_from_file(api, lines, &reply->body, err);
        if (r < 0 || (r > 0 && log_from_events(api, lines, &reply->body, err) < 0))
                return -1;
        reply->status = 200;
        reply->content_type = "text/plain; charset=utf-8";
        return 0;
}

static json_t *findings_json(const struct findings *findings)
{
        _cleanup_free_ char *text = findings_to_json(findings);
        return json_loads(text, 0, NULL);
}

static bool take_checking(struct api *api)
{
        pthread_mutex_lock(&api->mutex);
        bool taken = !api->checking;
        api->checking = true;
        pthread_mutex_unlock(&api->mutex);
        return taken;
}

int answer_run_preflight(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_findings_ struct findings findings = {0};
        if (!take_checking(api)) {
                api_problem(reply, 503, REASON_BUSY, "the checks are already running; ask again later");
                reply->retry_after_s = 5;
                return 0;
        }
        int r = api->options.upgrade.check(
                api->options.upgrade.userdata, api->options.cancel, &findings, err);
        json_t *value = r < 0 ? NULL : findings_json(&findings);
        pthread_mutex_lock(&api->mutex);
        api->checking = false;
        if (value) {
                json_decref(api->findings);
                api->findings = json_deep_copy(value);
        }
        pthread_mutex_unlock(&api->mutex);
        if (r < 0)
                return error_wrap(err, "running the checks");
        api_reply_json(reply, 200, value);
        return 0;
}

/* What the stage recorded when it ran the checks, as it stands in the checkpoint; NULL: it never did. */
static int load_recorded_findings(struct api *api, json_t **ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_free_ char *text = NULL;
        int r = checkpoint_open_reader(api->options.state_path, &checkpoint, err);
        if (r == 0)
                r = checkpoint_get_fact(checkpoint, FACT_PREFLIGHT_FINDINGS, &text, err);
        if (r < 0)
                return -1;
        *ret = r > 0 ? NULL : json_loads(text, 0, NULL);
        return 0;
}

static const char *time_of(const json_t *findings)
{
        const char *time = json_string_value(json_object_get(findings, "time"));
        return time ? time : "";
}

int answer_preflight(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        json_t *recorded = NULL;
        if (load_recorded_findings(api, &recorded, err) < 0)
                return error_wrap(err, "reading the findings");
        pthread_mutex_lock(&api->mutex);
        json_t *findings = json_deep_copy(api->findings);
        pthread_mutex_unlock(&api->mutex);
        /* ISO 8601 in UTC sorts by time. */
        if (!findings || (recorded && strcmp(time_of(recorded), time_of(findings)) > 0)) {
                json_decref(findings);
                findings = recorded;
        } else {
                json_decref(recorded);
        }
        if (!findings)
                return error_set(err, REASON_NOT_FOUND,
                        "no checks have run yet: POST /v1/preflight runs them and changes nothing");
        api_reply_json(reply, 200, findings);
        return 0;
}
