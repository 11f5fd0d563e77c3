/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/api.h"

#include "daemon/admission.h"
#include "daemon/http_status.h"
#include "daemon/routes.h"
#include "lib/clock.h"
#include "lib/text.h"

#include <string.h>

static int answer_routes(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err);

/* In the order of the path, then of the method. */
const struct api_route api_routes[] = {
        {"/", "GET", ROUTE_READ, NULL, answer_page, "text/html; charset=utf-8", "", "The status page"},
        {"/assets/*", "GET", ROUTE_OPEN, NULL, answer_page_asset, "*/*", "", "What the page consists of"},
        {"/metrics", "GET", ROUTE_READ, NULL, answer_metrics, "text/plain; version=0.0.4; charset=utf-8", "",
                "State, progress and requests, for Prometheus"},
        {"/openapi.json", "GET", ROUTE_READ, NULL, answer_openapi, "Document", "",
                "This API, described (OpenAPI 3.1)"},
        {"/v1", "GET", ROUTE_READ, NULL, answer_routes, "Routes", "", "This list"},
        {"/v1/backup", "GET", ROUTE_DISK, NULL, answer_backup, "Backup", "",
                "The backup of the database, and whether it is proven"},
        {"/v1/backup/verify", "POST", ROUTE_DRIVE_SLOW, NULL, answer_backup_verify, "Verification", "",
                "Proves the backup: restores it into a schema of its own and compares"},
        {"/v1/cancel", "POST", ROUTE_DRIVE, NULL, answer_cancel, "Taken", "",
                "Stops the stage at work; resume goes on where it stopped"},
        {"/v1/clean", "GET", ROUTE_SLOW, NULL, answer_clean_preview, "CleanPreview", "",
                "What clean would delete, and what it would leave"},
        {"/v1/clean", "POST", ROUTE_DRIVE, NULL, answer_clean, "Taken", "",
                "Deletes the backups of a finished or rolled back upgrade: there is no way back then"},
        {"/v1/errors", "GET", ROUTE_READ, NULL, answer_error_codes, "ErrorCodes", "",
                "Every error code and every reason, with what to do"},
        {"/v1/errors/*", "GET", ROUTE_READ, NULL, answer_error_code, "ErrorCode", "", "One error code"},
        {"/v1/events", "GET", ROUTE_DISK, NULL, answer_events, "Events",
                " after last_event_id limit progress ",
                "What happened; with Accept: text/event-stream a stream of it (progress=1: and of where it "
                "stands)"},
        {"/v1/log", "GET", ROUTE_DISK, NULL, answer_log, "text/plain; charset=utf-8", " lines ",
                "The end of upgrade_log.txt"},
        {"/v1/migrations", "GET", ROUTE_SLOW, NULL, answer_migrations, "Migrations", "",
                "The database migrations: how many there are, are executed, are new"},
        {"/v1/migrations/*", "GET", ROUTE_SLOW, NULL, answer_migration, "MigrationWithPlan", "",
                "One migration, with the SQL that it would send on this database"},
        {"/v1/plan", "GET", ROUTE_SLOW, NULL, answer_plan, "Plans", " independent versions ",
                "What the new migrations would do, each on what the ones before it leave"},
        {"/v1/prefetch", "POST", ROUTE_DRIVE, NULL, answer_prefetch, "Prefetch", "",
                "Fetches and checks the package ahead of the start, which then needs no download"},
        {"/v1/prefetch/cancel", "POST", ROUTE_DRIVE, NULL, answer_prefetch_cancel, "Prefetch", "",
                "Stops that; the next one, or the upgrade, goes on with what has come"},
        {"/v1/preflight", "GET", ROUTE_DISK, NULL, answer_preflight, "Findings", "",
                "The findings of the last checks"},
        {"/v1/preflight", "POST", ROUTE_DRIVE_SLOW, NULL, answer_run_preflight, "Findings", "",
                "Runs the checks now; nothing on the site is changed"},
        {"/v1/resume", "POST", ROUTE_DRIVE, "Acceptance", answer_resume, "Taken", "",
                "Goes on at the stage that failed or was interrupted; {\"accept_warnings\": [ids]}"},
        {"/v1/rollback", "GET", ROUTE_SLOW, NULL, answer_rollback_preview, "RollbackPreview", "",
                "What a rollback would bring back, put aside and lose; nothing is changed"},
        {"/v1/rollback", "POST", ROUTE_DRIVE, "RollbackOrder", answer_rollback, "Taken", "",
                "Brings the site back to where it was before the start; {\"files_only\": false}"},
        {"/v1/schema/dump-sql", "POST", ROUTE_DRIVE_SLOW, "SchemaOrder", answer_schema_dump, "SchemaPlan", "",
                "What doctrine:schema:update would do; nothing is changed; {\"complete\": false}"},
        {"/v1/schema/force", "POST", ROUTE_DRIVE_SLOW, "SchemaForce", answer_schema_force, "SchemaPlan", "",
                "Does it, the last resort; {\"complete\": false, \"plan\": of dump-sql's answer, "
                "\"confirm\": the database's name}"},
        {"/v1/stages", "GET", ROUTE_READ, NULL, answer_stages, "Stages", "",
                "The stages, their states and times"},
        {"/v1/start", "POST", ROUTE_DRIVE, "Acceptance", answer_start, "Taken", "",
                "Starts the upgrade; {\"accept_warnings\": [ids]}"},
        {"/v1/status", "GET", ROUTE_READ, NULL, answer_status, "Status", " after wait ",
                "Where the upgrade stands; with wait it is answered when there is news"},
        {"/v1/support", "GET", ROUTE_SLOW, NULL, answer_support, "Support", "",
                "What somebody who helps needs to know, without secrets: configuration, checkpoint, log, "
                "versions"},
};

const size_t api_route_count = ARRAY_SIZE(api_routes);

const struct api_parameter api_parameters[] = {
        {"after", 0, INT64_MAX, "The sequence of the last event that is known: news is what comes behind it"},
        {"independent", 0, 1, "1: each migration by itself, on the database as it is"},
        {"last_event_id", 0, INT64_MAX,
                "Like after, for an EventSource that is made anew; the header Last-Event-ID goes before it"},
        {"limit", 1, 1000, "How many events at most"},
        {"lines", 1, 10000, "How many lines at most"},
        {"progress", 0, 1,
                "1: the stream also holds events of the type progress, at most two a second, whose data is "
                "that of /v1/status; they have no id and are not kept"},
        {"versions", 0, 0, "These migrations, in this order, with commas between"},
        {"wait", 0, 60, "Seconds to wait until the newest event is another one than after (or than now)"},
};
const size_t api_parameter_count = ARRAY_SIZE(api_parameters);

bool api_describe(size_t index, const char **ret_method, const char **ret_path, const char **ret_text)
{
        if (index >= ARRAY_SIZE(api_routes))
                return false;
        *ret_method = api_routes[index].method;
        *ret_path = api_routes[index].path;
        *ret_text = api_routes[index].text;
        return true;
}

static int answer_routes(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        json_t *list = json_array();
        for (size_t i = 0; i < ARRAY_SIZE(api_routes); i++)
                json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "method", api_routes[i].method,
                                                    "path", api_routes[i].path, "text", api_routes[i].text));
        api_reply_json(reply, 200,
                json_pack("{s:s, s:s, s:o}", "program", "mautic-upgraded", "version", PROJECT_VERSION,
                        "routes", list));
        return 0;
}

struct api *api_new(const struct api_options *options)
{
        struct api *api = memory_new(sizeof(*api));
        api->options = *options;
        api->requests = request_counts_new();
        pthread_mutex_init(&api->mutex, NULL);
        return api;
}

void api_free(struct api *api)
{
        if (!api)
                return;
        json_decref(api->findings);
        free(api->requests);
        for (size_t i = 0; i < ARRAY_SIZE(api->status); i++) {
                snapshot_unref(api->status[i].snapshot);
                free(api->status[i].text);
        }
        pthread_mutex_destroy(&api->mutex);
        free(api);
}

void api_reply_deinit(struct api_reply *reply)
{
        free(reply->allow);
        buffer_deinit(&reply->body);
        *reply = (struct api_reply){0};
}

json_t *api_time(int64_t wall_ms)
{
        char text[25];
        if (wall_ms == 0)
                return json_null();
        clock_format_iso(wall_ms, text);
        return json_string(text);
}

json_t *api_allowed(enum upgrade_state state)
{
        json_t *allowed = json_array();
        for (unsigned i = 0; i < upgrade_command_count; i++)
                if (machine_allows(state, upgrade_commands[i]))
                        json_array_append_new(allowed, json_string(upgrade_event_name(upgrade_commands[i])));
        return allowed;
}

void api_reply_json(struct api_reply *reply, unsigned status, json_t *value)
{
        char *text = json_dumps(value, JSON_COMPACT);
        json_decref(value);
        reply->status = status;
        reply->content_type = status < 400 ? "application/json" : "application/problem+json";
        buffer_deinit(&reply->body);
        buffer_append_string(&reply->body, text ? text : "{}");
        buffer_append(&reply->body, "\n", 1);
        free(text);
}

static const char *status_title(unsigned status)
{
        for (size_t i = 0; i < HTTP_STATUS_COUNT; i++)
                if (http_statuses[i].status == status)
                        return http_statuses[i].title;
        return "Error";
}

/* RFC 9457. code: the stage's ERR_… when the upgrade stands failed. */
static void problem_reply(struct api_reply *reply, unsigned status, const char *code, const char *reason,
        const char *detail, json_t *allowed)
{
        api_reply_json(reply, status,
                json_pack("{s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "type", "about:blank", "title",
                        status_title(status), "status", (int)status, "detail", text_json(detail), "code",
                        text_json(code), "reason", text_json(reason), "allowed", allowed));
}

void api_problem(struct api_reply *reply, unsigned status, enum reason reason, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *detail = string_format_list(format, arguments);
        va_end(arguments);
        problem_reply(reply, status, NULL, reason_name(reason), detail, json_null());
}

static unsigned status_for(enum reason reason)
{
        static const struct {
                enum reason reason;
                unsigned status;
        } table[] = {
                {REASON_BACKUP_MISSING, 409},
                {REASON_CANCELLED, 503},
                {REASON_CONFIRMATION_WRONG, 409},
                {REASON_DATABASE_ACCESS_DENIED, 503},
                {REASON_DATABASE_LOST, 503},
                {REASON_DATABASE_UNREACHABLE, 503},
                {REASON_FORBIDDEN, 403},
                {REASON_INVALID_ARGUMENT, 400},
                {REASON_LOCAL_CONFIG_UNREADABLE, 503},
                {REASON_LOCKED, 503},
                {REASON_MIGRATIONS_UNDETECTED, 503},
                {REASON_NOT_FOUND, 404},
                {REASON_NOT_MAUTIC, 503},
                {REASON_PLAN_CHANGED, 409},
                {REASON_REFUSED_IN_STATE, 409},
                {REASON_STOPPING, 503},
                {REASON_TIMED_OUT, 503},
        };
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].reason == reason)
                        return table[i].status;
        return 500;
}

static void problem_from_error(struct api *api, struct api_reply *reply, const struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        bool refused = err->reason == REASON_REFUSED_IN_STATE;
        problem_reply(reply, status_for(err->reason), snapshot->error.code, reason_name(err->reason),
                error_message(err), refused ? api_allowed(snapshot->state) : json_null());
}

static bool path_matches(const char *pattern, const char *path)
{
        size_t length = strlen(pattern);
        if (pattern[length - 1] != '*')
                return string_equal(pattern, path);
        return strncmp(pattern, path, length - 1) == 0 && path[length - 1] != '\0' &&
               !strchr(path + length - 1, '/');
}

const char *api_path_tail(const struct api_request *request)
{
        return strrchr(request->path, '/') + 1;
}

static const struct api_route *find_route(const struct api_request *request, struct api_reply *reply)
{
        /* HEAD is GET whose body the transport leaves out. */
        const char *method = string_equal(request->method, "HEAD") ? "GET" : request->method;
        struct buffer allow = {0};
        for (size_t i = 0; i < ARRAY_SIZE(api_routes); i++) {
                if (!path_matches(api_routes[i].path, request->path))
                        continue;
                if (string_equal(api_routes[i].method, method)) {
                        buffer_deinit(&allow);
                        return &api_routes[i];
                }
                bool read = string_equal(api_routes[i].method, "GET");
                buffer_append_format(
                        &allow, "%s%s%s", allow.size ? ", " : "", api_routes[i].method, read ? ", HEAD" : "");
        }
        if (allow.size == 0) {
                api_problem(reply, 404, REASON_NOT_FOUND, "there is no %s; GET /v1 lists what there is",
                        request->path);
                return NULL;
        }
        api_problem(reply, 405, REASON_INVALID_ARGUMENT, "%s does not take %s, but %s", request->path,
                request->method, allow.data);
        reply->allow = buffer_steal(&allow);
        return NULL;
}

bool api_route_drives(const struct api_route *route)
{
        return route->kind == ROUTE_DRIVE || route->kind == ROUTE_DRIVE_SLOW;
}

/* A command that knows no members takes the empty object as well as no body. */
static bool is_empty_object(const struct api_request *request)
{
        json_auto_t *body = json_loadb(request->body, request->body_size, 0, NULL);
        return json_is_object(body) && json_object_size(body) == 0;
}

static bool body_is_right(
        const struct api_request *request, const struct api_route *route, struct api_reply *reply)
{
        if (api_route_drives(route) && !admission_says_json(request, reply))
                return false;
        if (!request->has_body || route->body || (api_route_drives(route) && is_empty_object(request)))
                return true;
        api_problem(reply, 400, REASON_INVALID_ARGUMENT, "%s takes no body", route->path);
        return false;
}

static bool query_is_right(
        const struct api_request *request, const struct api_route *route, struct api_reply *reply)
{
        if (request->query_count > API_QUERY_LIMIT) {
                api_problem(reply, 400, REASON_INVALID_ARGUMENT, "there are more than %d parameters",
                        API_QUERY_LIMIT);
                return false;
        }
        for (size_t i = 0; i < request->query_count; i++) {
                _cleanup_free_ char *wanted = string_format(" %s ", request->query[i].name);
                bool known = !strchr(request->query[i].name, ' ') && strstr(route->query, wanted);
                if (known && request->query[i].value)
                        continue;
                api_problem(reply, 400, REASON_INVALID_ARGUMENT, "%s does not take the parameter %.64s%s",
                        route->path, request->query[i].name, known ? " without a value" : "");
                return false;
        }
        return true;
}

static bool may_enter(
        const struct api_request *request, const struct api_route *route, struct api_reply *reply)
{
        return !api_route_drives(route) || admission_may_drive(request, reply);
}

static void answer(struct api *api, const struct api_request *request, struct api_reply *reply)
{
        _cleanup_(error_deinit) struct error err = {0};
        if (request->route->answer(api, request, reply, &err) < 0)
                problem_from_error(api, reply, &err);
}

void api_count(struct api *api, const struct api_request *request, unsigned status)
{
        request_counts_add(api->requests, request->route, status);
}

static bool may_know(struct api *api, struct api_request *request, struct api_reply *reply)
{
        bool open = request->route && request->route->kind == ROUTE_OPEN;
        return open || admission_has_token(api->options.token, request, reply);
}

enum api_turn api_begin(struct api *api, struct api_request *request, struct api_reply *reply)
{
        struct api_reply missing = {0};
        const struct api_route *route = request->route = find_route(request, &missing);
        if (!admission_knows_host(request, reply) || !may_know(api, request, reply)) {
                api_reply_deinit(&missing);
                return API_ANSWERED;
        }
        if (!route) {
                *reply = missing;
                return API_ANSWERED;
        }
        if (!may_enter(request, route, reply) || !body_is_right(request, route, reply) ||
                !query_is_right(request, route, reply))
                return API_ANSWERED;
        if (route->kind != ROUTE_READ && route->kind != ROUTE_OPEN)
                return API_WORK;
        answer(api, request, reply);
        return API_ANSWERED;
}

void api_work(struct api *api, const struct api_request *request, struct api_reply *reply)
{
        answer(api, request, reply);
}

enum api_work_kind api_work_kind(const struct api_request *request)
{
        switch (request->route->kind) {
        case ROUTE_SLOW:
        case ROUTE_DRIVE_SLOW:
                return API_WORK_SLOW;
        case ROUTE_DRIVE:
                return API_WORK_COMMAND;
        case ROUTE_OPEN:
        case ROUTE_READ:
        case ROUTE_DISK:
                break;
        }
        return API_WORK_QUICK;
}

const char *api_query_text(const struct api_request *request, const char *name)
{
        const char *text = NULL;
        for (size_t i = 0; i < request->query_count; i++)
                if (string_equal(request->query[i].name, name))
                        text = request->query[i].value;
        return text;
}

static const struct api_parameter *find_parameter(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(api_parameters); i++)
                if (string_equal(api_parameters[i].name, name))
                        return &api_parameters[i];
        return NULL;
}

int api_query_number(const struct api_request *request, const char *name, int64_t fallback, int64_t *ret,
        struct error *err)
{
        const struct api_parameter *parameter = find_parameter(name);
        const char *text = api_query_text(request, name);
        if (!text) {
                *ret = fallback;
                return 0;
        }
        char *end;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || number < parameter->least ||
                number > parameter->most)
                return error_set(err, REASON_INVALID_ARGUMENT, "%s must be a number from %lld to %lld", name,
                        (long long)parameter->least, (long long)parameter->most);
        *ret = number;
        return 0;
}
