/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migrations-reader.h"

#include "lib/memory.h"
#include "migrations-reader/migrations_json.h"
#include "migrations-reader/selection.h"
#include "migrations-reader/target.h"

#include <string.h>

struct migrations_reader {
        struct target_options options; /* its texts are the reader's */
        struct target target;
        bool is_open;
        struct error err;
};

static const struct {
        const char *name;
        size_t offset;
} options[] = {
        {"dir", offsetof(struct target_options, folder)},
        {"doctrine", offsetof(struct target_options, doctrine)},
        {"dsn", offsetof(struct target_options, dsn)},
        {"password-file", offsetof(struct target_options, password_file)},
        {"prefix", offsetof(struct target_options, prefix)},
        {"root", offsetof(struct target_options, root)},
        {"schema-dump", offsetof(struct target_options, schema_dump)},
};

static char **field_of(struct migrations_reader *reader, size_t index)
{
        return (char **)((char *)&reader->options + options[index].offset);
}

/* A DSN may hold a password. */
static void wipe(char *text)
{
        if (text)
                explicit_bzero(text, strlen(text));
        free(text);
}

struct migrations_reader *migrations_reader_new(void)
{
        struct migrations_reader *reader = memory_new(sizeof(*reader));
        reader->target.root_fd = -1;
        return reader;
}

void migrations_reader_free(struct migrations_reader *reader)
{
        if (!reader)
                return;
        target_deinit(&reader->target);
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                wipe(*field_of(reader, i));
        error_deinit(&reader->err);
        free(reader);
}

int migrations_reader_set(struct migrations_reader *reader, const char *option, const char *value)
{
        if (reader->is_open)
                return error_set(&reader->err, REASON_INVALID_ARGUMENT, "the reader is open already");
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                if (!string_equal(options[i].name, option))
                        continue;
                char **field = field_of(reader, i), *copy = string_copy(value);
                wipe(*field);
                *field = copy;
                return 0;
        }
        return error_set(
                &reader->err, REASON_INVALID_ARGUMENT, "there is no option %s", option ? option : "NULL");
}

int migrations_reader_open(struct migrations_reader *reader)
{
        if (reader->is_open)
                return error_set(&reader->err, REASON_INVALID_ARGUMENT, "the reader is open already");
        if (target_check(&reader->options, &reader->err) < 0 ||
                target_open(&reader->options, &reader->target, &reader->err) < 0)
                return -1;
        reader->is_open = true;
        return 0;
}

static int read_migrations(struct migrations_reader *reader, struct migrations *ret)
{
        if (!reader->is_open)
                return error_set(&reader->err, REASON_INVALID_ARGUMENT, "the reader is not open");
        return target_look_migrations(&reader->target, ret, &reader->err);
}

static char *text_of(json_t *json)
{
        char *text = json_dumps(json, JSON_COMPACT);
        json_decref(json);
        return text;
}

char *migrations_reader_status(struct migrations_reader *reader)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (read_migrations(reader, &migrations) < 0)
                return NULL;
        return text_of(migrations_status_json(&migrations, target_is_mautic_3(&reader->target)));
}

char *migrations_reader_list(struct migrations_reader *reader)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (read_migrations(reader, &migrations) < 0)
                return NULL;
        return text_of(migrations_list_json(&migrations, target_is_mautic_3(&reader->target)));
}

static int plan(struct migrations_reader *reader, const struct migration **chosen, size_t count,
        bool independent, json_t *list)
{
        _cleanup_(planner_freep) struct planner *planner = NULL;
        if (target_new_planner(&reader->target, &planner, &reader->err) < 0)
                return -1;
        for (size_t i = 0; i < count; i++) {
                _cleanup_plan_ struct plan plan = {0};
                if (independent)
                        planner_reset(planner);
                if (planner_plan(planner, chosen[i]->version, chosen[i]->file, &plan, &reader->err) < 0)
                        return -1;
                json_array_append_new(list, plan_json(&plan));
        }
        return 0;
}

char *migrations_reader_plan(struct migrations_reader *reader, const char *const *versions, int independent)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        _cleanup_free_ const struct migration **chosen = NULL;
        size_t count = 0;
        json_auto_t *list = json_array();
        if (read_migrations(reader, &migrations) < 0 ||
                select_migrations(&migrations, (char *const *)versions, independent, &chosen, &count,
                        &reader->err) < 0 ||
                plan(reader, chosen, count, independent, list) < 0)
                return NULL;
        return text_of(json_incref(list));
}

const char *migrations_reader_error(const struct migrations_reader *reader)
{
        return error_message(&reader->err);
}

const char *migrations_reader_reason(const struct migrations_reader *reader)
{
        return reason_name(reader->err.reason);
}

const char *migrations_reader_advice(const struct migrations_reader *reader)
{
        return reason_advice(reader->err.reason);
}

const char *migrations_reader_version(void)
{
        return PROJECT_VERSION;
}
