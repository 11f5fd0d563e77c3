/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /metrics: OpenMetrics 1.0 for who asks for it, else Prometheus' older text format; one table of
 * families. */
#include "daemon/metrics.h"

#include "daemon/http_status.h"
#include "daemon/routes.h"
#include "lib/clock.h"
#include "lib/error_codes.h"
#include "lib/text.h"

#include <string.h>

#define PREFIX "mautic_upgraded_"
#define OPEN_METRICS "application/openmetrics-text"

/* What has been answered: for each route, and for what is none, each status; in the loop thread alone. */
struct request_counts {
        int64_t started_ms;
        uint64_t counts[][HTTP_STATUS_COUNT];
};

struct request_counts *request_counts_new(void)
{
        struct request_counts *counts =
                memory_new(sizeof(*counts) + (api_route_count + 1) * sizeof(counts->counts[0]));
        counts->started_ms = clock_wall_ms();
        return counts;
}

void request_counts_add(struct request_counts *counts, const struct api_route *route, unsigned status)
{
        size_t row = route ? (size_t)(route - api_routes) : api_route_count;
        for (size_t i = 0; i < HTTP_STATUS_COUNT; i++)
                if (http_statuses[i].status == status)
                        counts->counts[row][i]++;
}

enum kind { GAUGE, COUNTER, INFO };

/* What a sample's name has behind that of its family. */
static const struct {
        const char *name, *suffix;
} kinds[] = {
        [GAUGE] = {"gauge", ""},
        [COUNTER] = {"counter", "_total"},
        [INFO] = {"info", "_info"},
};

struct metrics {
        const struct api *api;
        const struct snapshot *snapshot;
        bool open; /* OpenMetrics */
        const struct family *family;
        struct buffer *text;
};

struct family {
        const char *name;
        enum kind kind;
        const char *help;
        void (*tell)(struct metrics *metrics);
};

struct label {
        const char *name, *value;
};

static void append_value(struct buffer *text, const char *value)
{
        _cleanup_free_ char *valid = text_valid(value ? value : "");
        for (const char *c = valid; *c; c++) {
                if (*c == '\\' || *c == '"')
                        buffer_append(text, "\\", 1);
                if (*c == '\n')
                        buffer_append_string(text, "\\n");
                else
                        buffer_append(text, c, 1);
        }
}

/* labels: ends with one without a name. */
static void sample(struct metrics *metrics, const struct label *labels, double value)
{
        const struct family *family = metrics->family;
        buffer_append_format(metrics->text, "%s%s", family->name, kinds[family->kind].suffix);
        for (const struct label *label = labels; label->name; label++) {
                buffer_append_format(metrics->text, "%s%s=\"", label == labels ? "{" : ",", label->name);
                append_value(metrics->text, label->value);
                buffer_append_string(metrics->text, "\"");
        }
        buffer_append_format(metrics->text, "%s %.15g\n", labels->name ? "}" : "", value);
}

static void alone(struct metrics *metrics, double value)
{
        sample(metrics, &(struct label){0}, value);
}

static void time_alone(struct metrics *metrics, int64_t wall_ms)
{
        if (wall_ms > 0)
                alone(metrics, (double)wall_ms / 1000.0);
}

static void tell_build(struct metrics *metrics)
{
        sample(metrics, (struct label[]){{"version", PROJECT_VERSION}, {0}}, 1);
}

static void tell_site(struct metrics *metrics)
{
        const struct snapshot *snapshot = metrics->snapshot;
        sample(metrics,
                (struct label[]){{"from_version", snapshot->from_version}, {"root", snapshot->root},
                        {"site", metrics->api->options.site}, {"to_version", snapshot->to_version}, {0}},
                1);
}

static void tell_state(struct metrics *metrics)
{
        static const enum upgrade_state states[] = {
#define X(name, ...) UPGRADE_##name,
                UPGRADE_STATES(X)
#undef X
        };
        for (size_t i = 0; i < ARRAY_SIZE(states); i++)
                sample(metrics, (struct label[]){{"state", upgrade_state_name(states[i])}, {0}},
                        states[i] == metrics->snapshot->state);
}

static void tell_boundary(struct metrics *metrics)
{
        static const enum boundary boundaries[] = {
#define X(name, ...) BOUNDARY_##name,
                BOUNDARIES(X)
#undef X
        };
        for (size_t i = 0; i < ARRAY_SIZE(boundaries); i++)
                sample(metrics, (struct label[]){{"boundary", boundary_name(boundaries[i])}, {0}},
                        boundaries[i] == metrics->snapshot->boundary);
}

static void tell_waiting(struct metrics *metrics)
{
        alone(metrics, metrics->snapshot->waiting_for_user);
}

static void tell_error(struct metrics *metrics)
{
        const struct snapshot *snapshot = metrics->snapshot;
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++) {
                const char *code = error_code_name(error_code_at(i));
                bool stands = string_equal(code, snapshot->error.code);
                sample(metrics,
                        (struct label[]){
                                {"code", code}, {"reason", stands ? snapshot->error.reason : ""}, {0}},
                        stands);
        }
}

static void tell_started(struct metrics *metrics)
{
        time_alone(metrics, metrics->snapshot->started_ms);
}

static void tell_finished(struct metrics *metrics)
{
        time_alone(metrics, metrics->snapshot->finished_ms);
}

static void tell_downtime(struct metrics *metrics)
{
        int64_t ms = downtime_ms(&metrics->snapshot->downtime, clock_wall_ms());
        if (ms >= 0)
                alone(metrics, (double)ms / 1000.0);
}

static void tell_activity(struct metrics *metrics)
{
        time_alone(metrics, metrics->snapshot->activity_ms);
}

static void tell_process(struct metrics *metrics)
{
        time_alone(metrics, metrics->api->requests->started_ms);
}

static void tell_events(struct metrics *metrics)
{
        alone(metrics, (double)metrics->snapshot->last_sequence);
}

static void tell_eta(struct metrics *metrics)
{
        if (metrics->snapshot->eta_ms >= 0)
                alone(metrics, (double)metrics->snapshot->eta_ms / 1000.0);
}

static void tell_rate(struct metrics *metrics)
{
        if (metrics->snapshot->rate_per_s > 0)
                alone(metrics, (double)metrics->snapshot->rate_per_s);
}

static void tell_stage_state(struct metrics *metrics)
{
        static const enum stage_state states[] = {
#define X(name, ...) STAGE_##name,
                STAGE_STATES(X)
#undef X
        };
        for (size_t i = 0; i < metrics->snapshot->stage_count; i++) {
                const struct stage_snapshot *stage = &metrics->snapshot->stages[i];
                for (size_t k = 0; k < ARRAY_SIZE(states); k++)
                        sample(metrics,
                                (struct label[]){
                                        {"stage", stage->name}, {"state", stage_state_name(states[k])}, {0}},
                                states[k] == stage->state);
        }
}

static void tell_attempts(struct metrics *metrics)
{
        for (size_t i = 0; i < metrics->snapshot->stage_count; i++) {
                const struct stage_snapshot *stage = &metrics->snapshot->stages[i];
                sample(metrics, (struct label[]){{"stage", stage->name}, {0}}, stage->attempts);
        }
}

static void tell_durations(struct metrics *metrics)
{
        for (size_t i = 0; i < metrics->snapshot->stage_count; i++) {
                const struct stage_snapshot *stage = &metrics->snapshot->stages[i];
                int64_t end_ms = stage->finished_ms > 0 ? stage->finished_ms : clock_wall_ms();
                if (stage->started_ms > 0 && end_ms >= stage->started_ms)
                        sample(metrics, (struct label[]){{"stage", stage->name}, {0}},
                                (double)(end_ms - stage->started_ms) / 1000.0);
        }
}

static void tell_amounts(struct metrics *metrics, uint64_t (*amount_of)(const struct stage_snapshot *stage))
{
        for (size_t i = 0; i < metrics->snapshot->stage_count; i++) {
                const struct stage_snapshot *stage = &metrics->snapshot->stages[i];
                if (stage->unit)
                        sample(metrics, (struct label[]){{"stage", stage->name}, {"unit", stage->unit}, {0}},
                                (double)amount_of(stage));
        }
}

static uint64_t done_of(const struct stage_snapshot *stage)
{
        return stage->done;
}

static uint64_t total_of(const struct stage_snapshot *stage)
{
        return stage->total;
}

static void tell_done(struct metrics *metrics)
{
        tell_amounts(metrics, done_of);
}

static void tell_expected(struct metrics *metrics)
{
        tell_amounts(metrics, total_of);
}

static void tell_requests(struct metrics *metrics)
{
        for (size_t row = 0; row <= api_route_count; row++)
                for (size_t i = 0; i < HTTP_STATUS_COUNT; i++) {
                        uint64_t count = metrics->api->requests->counts[row][i];
                        char code[16];
                        snprintf(code, sizeof(code), "%u", http_statuses[i].status);
                        const struct label labels[] = {{"code", code},
                                {"method", row < api_route_count ? api_routes[row].method : "other"},
                                {"route", row < api_route_count ? api_routes[row].path : "other"}, {0}};
                        if (count > 0)
                                sample(metrics, labels, (double)count);
                }
}

static const struct family families[] = {
        {PREFIX "build", INFO, "Which program answers.", tell_build},
        {PREFIX "site", INFO, "Which site it serves.", tell_site},
        {PREFIX "state", GAUGE, "1 for the state that the upgrade is in.", tell_state},
        {PREFIX "boundary", GAUGE, "1 for how far from its beginning the site is.", tell_boundary},
        {PREFIX "waiting_for_user", GAUGE, "1 when an interrupted upgrade does not go on by itself.",
                tell_waiting},
        {PREFIX "error", GAUGE, "1 for the code that the upgrade stands failed with.", tell_error},
        {PREFIX "start_time_seconds", GAUGE, "When the upgrade was started.", tell_started},
        {PREFIX "end_time_seconds", GAUGE, "When the upgrade was done.", tell_finished},
        {PREFIX "downtime_seconds", GAUGE, "How long visitors have got the 503 page.", tell_downtime},
        {PREFIX "activity_time_seconds", GAUGE, "When the work last got on.", tell_activity},
        {PREFIX "events", COUNTER, "What has happened, by /v1/events.", tell_events},
        {PREFIX "progress_eta_seconds", GAUGE, "To the end of the stage at work.", tell_eta},
        {PREFIX "progress_rate", GAUGE, "Units a second of the stage at work.", tell_rate},
        {PREFIX "stage_state", GAUGE, "1 for the state that each stage is in.", tell_stage_state},
        {PREFIX "stage_attempts", COUNTER, "How often each stage was begun in this upgrade.", tell_attempts},
        {PREFIX "stage_duration_seconds", GAUGE, "Of each stage's last attempt.", tell_durations},
        {PREFIX "stage_done", GAUGE, "How much of its work each stage has done.", tell_done},
        {PREFIX "stage_expected", GAUGE, "How much work each stage has; 0: not known.", tell_expected},
        {PREFIX "http_requests", COUNTER, "What has been answered since the daemon's start.", tell_requests},
        {"process_start_time_seconds", GAUGE, "When the daemon was started.", tell_process},
};

/* OpenMetrics describes the family, the older format what its samples are called, and knows no info. */
static void tell_family(struct metrics *metrics, const struct family *family)
{
        const char *suffix = metrics->open ? "" : kinds[family->kind].suffix;
        const char *kind = family->kind == INFO && !metrics->open ? "gauge" : kinds[family->kind].name;
        metrics->family = family;
        buffer_append_format(metrics->text, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, suffix,
                family->help, family->name, suffix, kind);
        family->tell(metrics);
}

int answer_metrics(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        struct metrics metrics = {.api = api,
                .snapshot = snapshot,
                .open = api_accepts(request->accept, OPEN_METRICS),
                .text = &reply->body};
        for (size_t i = 0; i < ARRAY_SIZE(families); i++)
                tell_family(&metrics, &families[i]);
        if (metrics.open)
                buffer_append_string(metrics.text, "# EOF\n");
        reply->status = 200;
        reply->content_type = metrics.open ? OPEN_METRICS "; version=1.0.0; charset=utf-8"
                                           : "text/plain; version=0.0.4; charset=utf-8";
        return 0;
}
