/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/notification.h"

#include "lib/clock.h"
#include "lib/text.h"
#include "states/machine.h"

#include <ctype.h>
#include <jansson.h>

/* What a command or its interruption is called; where an upgrade has come to by itself, its state's name is.
 */
static const struct {
        enum upgrade_event event;
        const char *name;
} names[] = {
        {EVENT_START, "started"},
        {EVENT_RESUME, "resumed"},
        {EVENT_ROLLBACK, "rollback_started"},
        {EVENT_CLEAN, "clean_started"},
        {EVENT_INTERRUPT, "interrupted"},
};

static const char *name_of(const struct event_record *event, const json_t *fields)
{
        const char *moved_by = json_string_value(json_object_get(fields, "event"));
        enum upgrade_state state;
        if (!moved_by)
                return string_equal(event->type, "stage") ? "stage" : NULL;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (string_equal(upgrade_event_name(names[i].event), moved_by))
                        return names[i].name;
        if (!upgrade_state_from_name(json_string_value(json_object_get(fields, "upgrade_state")), &state))
                return NULL;
        return upgrade_state_name(state);
}

static json_t *field(const json_t *fields, const char *name)
{
        return text_json(json_string_value(json_object_get(fields, name)));
}

static json_t *make_json(const char *name, const struct event_record *event, const json_t *fields,
        const char *site, const char *root)
{
        char time[25];
        clock_format_iso(event->time_ms, time);
        return json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "event", name,
                "sequence", (json_int_t)event->sequence, "time", time, "site", text_json(site), "root",
                text_json(root), "uuid", field(fields, "upgrade"), "state", field(fields, "upgrade_state"),
                "stage", text_json(event->stage), "stage_state", field(fields, "stage_state"), "error_code",
                field(fields, "error_code"), "reason", field(fields, "reason"), "level",
                text_json(event->level), "text", text_json(event->text));
}

/* The same but for the sentence, which may hold what other programs said. What is not known is left out. */
static char **make_environment(const json_t *json)
{
        char **environment = memory_new_array(json_object_size(json) + 1, sizeof(*environment));
        size_t count = 0;
        const char *name;
        json_t *value;
        json_object_foreach((json_t *)json, name, value)
        {
                if (json_is_null(value) || string_equal(name, "text") || string_equal(name, "level"))
                        continue;
                _cleanup_free_ char *number =
                        json_is_integer(value) ? string_format("%lld", (long long)json_integer_value(value))
                                               : NULL;
                char *line = string_format(
                        "MAUTIC_UPGRADED_%s=%s", name, number ? number : json_string_value(value));
                for (char *letter = line; *letter != '='; letter++)
                        *letter = (char)toupper((unsigned char)*letter);
                environment[count++] = line;
        }
        return environment;
}

bool notification_init(
        struct notification *ret, const struct event_record *event, const char *site, const char *root)
{
        json_auto_t *fields = event->fields ? json_loads(event->fields, 0, NULL) : NULL;
        const char *name = name_of(event, fields);
        if (!name)
                return false;
        json_auto_t *json = make_json(name, event, fields, site, root);
        char *text = json_dumps(json, JSON_COMPACT);
        *ret = (struct notification){
                .event = name,
                .json = string_format("%s\n", text),
                .environment = make_environment(json),
        };
        free(text);
        return true;
}

void notification_deinit(struct notification *notification)
{
        for (char **line = notification->environment; line && *line; line++)
                free(*line);
        free(notification->environment);
        free(notification->json);
        *notification = (struct notification){0};
}
