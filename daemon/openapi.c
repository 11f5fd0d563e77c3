/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * GET /openapi.json: the API described. What the routes take and give comes from the table of routes, words
 * from the tables that define them, the shapes of bodies and answers from openapi.json beside this file.
 */
#include "daemon/http_status.h"
#include "daemon/openapi_text.h"
#include "daemon/routes.h"
#include "lib/error_codes.h"
#include "states/machine.h"

#include <string.h>

/* The part that '*' stands for. */
static const struct {
        const char *path, *name, *text;
} parts[] = {
        {"/assets/*", "name", "A file's name"},
        {"/v1/errors/*", "code", "ERR_…"},
        {"/v1/migrations/*", "version", "As the files and the table name it: 20190724110039"},
};

/* What a route gives besides, by the header Accept. */
static const struct {
        const char *path, *type;
} besides[] = {
        {"/metrics", "application/openmetrics-text; version=1.0.0; charset=utf-8"},
        {"/v1/events", "text/event-stream"},
};

static json_t *schema_ref(const char *name)
{
        return json_pack("{s:o}", "$ref", json_sprintf("#/components/schemas/%s", name));
}

static size_t find_part(const char *path)
{
        size_t i = 0;
        while (i < ARRAY_SIZE(parts) && !string_equal(parts[i].path, path))
                i++;
        return i;
}

/* "/v1/errors/{code}" */
static char *path_template(const char *path)
{
        size_t i = find_part(path);
        if (i == ARRAY_SIZE(parts))
                return string_copy(path);
        return string_format("%.*s{%s}", (int)strlen(path) - 1, path, parts[i].name);
}

static json_t *parameter_schema(const struct api_parameter *parameter)
{
        if (parameter->most == 0)
                return json_pack("{s:s}", "type", "string");
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum", (json_int_t)parameter->least,
                "maximum", (json_int_t)parameter->most);
}

static json_t *parameters_json(const struct api_route *route)
{
        json_t *list = json_array();
        size_t part = find_part(route->path);
        if (part < ARRAY_SIZE(parts))
                json_array_append_new(
                        list, json_pack("{s:s, s:s, s:b, s:s, s:{s:s, s:i}}", "name", parts[part].name, "in",
                                      "path", "required", 1, "description", parts[part].text, "schema",
                                      "type", "string", "minLength", 1));
        for (size_t i = 0; i < api_parameter_count; i++) {
                _cleanup_free_ char *wanted = string_format(" %s ", api_parameters[i].name);
                if (!strstr(route->query, wanted))
                        continue;
                json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:o}", "name", api_parameters[i].name,
                                                    "in", "query", "description", api_parameters[i].text,
                                                    "schema", parameter_schema(&api_parameters[i])));
        }
        return list;
}

static json_t *content(const char *type, json_t *schema)
{
        return json_pack("{s:{s:o}}", type, "schema", schema);
}

static json_t *success_json(const struct api_route *route)
{
        bool text = strchr(route->gives, '/') != NULL;
        json_t *types = text ? content(route->gives, json_pack("{s:s}", "type", "string"))
                             : content("application/json", schema_ref(route->gives));
        for (size_t i = 0; i < ARRAY_SIZE(besides); i++)
                if (string_equal(besides[i].path, route->path))
                        json_object_set_new(
                                types, besides[i].type, json_pack("{s:{s:s}}", "schema", "type", "string"));
        return json_pack("{s:s, s:o}", "description", route->text, "content", types);
}

static json_t *problem_json(const struct http_status *status)
{
        json_t *problem = json_pack("{s:s, s:o}", "description", status->text, "content",
                content("application/problem+json", schema_ref("Problem")));
        if (status->status == 503)
                json_object_set_new(problem, "headers",
                        json_pack("{s:{s:s}}", "Retry-After", "$ref", "#/components/headers/Retry-After"));
        return problem;
}

static json_t *responses_json(const struct api_route *route)
{
        json_t *responses = json_object();
        json_object_set_new(responses, route->kind == ROUTE_DRIVE ? "202" : "200", success_json(route));
        if (route->kind == ROUTE_OPEN)
                json_object_set_new(
                        responses, "304", json_pack("{s:s}", "description", "As If-None-Match names it"));
        for (size_t i = 0; i < HTTP_STATUS_COUNT; i++) {
                const struct http_status *problem = &http_statuses[i];
                char status[16];
                snprintf(status, sizeof(status), "%u", problem->status);
                bool one_of_many = problem->status == 404 && find_part(route->path) < ARRAY_SIZE(parts);
                if (problem->kinds & (1u << route->kind) || one_of_many)
                        json_object_set_new(responses, status, problem_json(problem));
        }
        return responses;
}

/* "post_v1_schema_dump_sql" */
static char *operation_id(const struct api_route *route)
{
        char *id = string_format("%s%s", route->method, route->path);
        for (char *c = id; *c; c++)
                *c = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ? *c
                     : *c >= 'A' && *c <= 'Z'                             ? (char)(*c - 'A' + 'a')
                     : *c == '*'                                          ? 'x'
                                                                          : '_';
        return id;
}

static json_t *operation_json(const struct api_route *route)
{
        _cleanup_free_ char *id = operation_id(route);
        json_t *operation = json_pack("{s:s, s:s, s:o, s:o}", "operationId", id, "summary", route->text,
                "parameters", parameters_json(route), "responses", responses_json(route));
        if (api_route_drives(route))
                json_object_set_new(operation, "requestBody",
                        json_pack("{s:o}", "content",
                                content("application/json",
                                        schema_ref(route->body ? route->body : "NoMembers"))));
        if (route->kind == ROUTE_OPEN)
                json_object_set_new(operation, "security", json_array());
        return operation;
}

static json_t *paths_json(void)
{
        json_t *paths = json_object();
        for (size_t i = 0; i < api_route_count; i++) {
                const struct api_route *route = &api_routes[i];
                _cleanup_free_ char *path = path_template(route->path);
                json_t *item = json_object_get(paths, path);
                if (!item) {
                        item = json_object();
                        json_object_set_new(paths, path, item);
                }
                json_object_set_new(
                        item, string_equal(route->method, "GET") ? "get" : "post", operation_json(route));
        }
        return paths;
}

/* Words */

static json_t *words(void)
{
        return json_pack("{s:s, s:[]}", "type", "string", "enum");
}

static void add_word(json_t *schema, const char *word)
{
        json_array_append_new(json_object_get(schema, "enum"), json_string(word));
}

static void set_words(json_t *schemas)
{
        json_t *states = words(), *stage_states = words(), *codes = words(), *reasons = words();
        json_t *commands = words(), *boundaries = words();
#define X(name, ...) add_word(states, upgrade_state_name(UPGRADE_##name));
        UPGRADE_STATES(X)
#undef X
#define X(name, ...) add_word(stage_states, stage_state_name(STAGE_##name));
        STAGE_STATES(X)
#undef X
#define X(name, ...) add_word(boundaries, boundary_name(BOUNDARY_##name));
        BOUNDARIES(X)
#undef X
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++)
                add_word(codes, error_code_name(error_code_at(i)));
        for (int i = REASON_NONE + 1; reason_name((enum reason)i); i++)
                add_word(reasons, reason_name((enum reason)i));
        for (unsigned i = 0; i < upgrade_command_count; i++)
                add_word(commands, upgrade_event_name(upgrade_commands[i]));
        json_object_set_new(schemas, "UpgradeState", states);
        json_object_set_new(schemas, "StageState", stage_states);
        json_object_set_new(schemas, "ErrorName", codes);
        json_object_set_new(schemas, "Reason", reasons);
        json_object_set_new(schemas, "Command", commands);
        json_object_set_new(schemas, "Boundary", boundaries);
}

/* An answer has every member that is described, and no other: what does not say otherwise is meant so. */
static void make_strict(json_t *schema)
{
        const char *name;
        json_t *value, *properties = json_object_get(schema, "properties");
        size_t i;
        if (json_is_object(properties) && !json_object_get(schema, "required")) {
                json_t *required = json_array();
                json_object_foreach(properties, name, value)
                        json_array_append_new(required, json_string(name));
                json_object_set_new(schema, "required", required);
                json_object_set_new(schema, "additionalProperties", json_false());
        }
        json_object_foreach(schema, name, value) make_strict(value);
        json_array_foreach(schema, i, value) make_strict(value);
}

static char *text;

static void describe(void)
{
        json_auto_t *document = json_loads(openapi_text, JSON_REJECT_DUPLICATES, NULL);
        json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
        make_strict(schemas);
        set_words(schemas);
        json_object_set_new(json_object_get(document, "info"), "version", json_string(PROJECT_VERSION));
        json_object_set_new(document, "paths", paths_json());
        text = json_dumps(document, JSON_COMPACT);
}

int answer_openapi(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        pthread_once(&once, describe);
        if (!text)
                return error_set(err, REASON_INTERNAL, "openapi.json can't be read");
        reply->status = 200;
        reply->content_type = "application/json";
        buffer_append_string(&reply->body, text);
        return 0;
}
