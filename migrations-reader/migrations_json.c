/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migrations_json.h"

#include "lib/memory.h"
#include "lib/text.h"

static size_t count_left_behind(const struct migrations *migrations, bool mautic_3)
{
        size_t count = 0;
        for (size_t i = 0; i < migrations->count; i++)
                count += migration_is_left_behind(migrations, &migrations->items[i], mautic_3);
        return count;
}

json_t *migrations_status_json(const struct migrations *migrations, bool mautic_3)
{
        return json_pack("{s:I s:I s:I s:I s:I s:I s:o s:o s:o s:o s:o s:b}", "executed",
                (json_int_t)migrations->executed, "executed_unavailable",
                (json_int_t)migrations->executed_unavailable, "left_behind",
                (json_int_t)count_left_behind(migrations, mautic_3), "available",
                (json_int_t)migrations->available, "new", (json_int_t)migrations->new, "unreadable",
                (json_int_t)migrations->unreadable, "previous", text_json(migrations->previous), "current",
                text_json(migrations->current), "next", text_json(migrations->next), "latest",
                text_json(migrations->latest), "table", text_json(migrations->table), "table_exists",
                migrations->table_exists);
}

const char *migration_state(
        const struct migrations *migrations, const struct migration *migration, bool mautic_3)
{
        if (!migration->executed)
                return "new";
        if (migration->available)
                return "executed";
        return migration_is_left_behind(migrations, migration, mautic_3) ? "left_behind" : "unavailable";
}

json_t *migration_json(const struct migrations *migrations, const struct migration *migration, bool mautic_3)
{
        return json_pack("{s:o s:s s:b s:b s:o s:o s:o s:o}", "version", text_json(migration->version),
                "state", migration_state(migrations, migration, mautic_3), "available", migration->available,
                "executed", migration->executed, "executed_at", text_json(migration->executed_at), "file",
                text_json(migration->file), "description", text_json(migration->description), "problem",
                text_json(migration->problem));
}

json_t *migrations_list_json(const struct migrations *migrations, bool mautic_3)
{
        json_t *list = json_array();
        for (size_t i = 0; i < migrations->count; i++)
                json_array_append_new(list, migration_json(migrations, &migrations->items[i], mautic_3));
        return list;
}

static json_t *statement_json(const struct planned_statement *statement)
{
        json_t *parameters = json_loads(statement->parameters, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        size_t size;
        _cleanup_free_ char *sql = text_valid_bytes(statement->sql, statement->size, &size);
        return json_pack("{s:o s:o s:I s:b}", "sql", json_stringn(sql, size), "params",
                parameters ? parameters : json_array(), "line", (json_int_t)statement->line, "direct",
                statement->direct);
}

static json_t *strings_json(char *const *strings)
{
        json_t *list = json_array();
        for (; strings && *strings; strings++)
                json_array_append_new(list, text_json(*strings));
        return list;
}

json_t *plan_json(const struct plan *plan)
{
        json_t *statements = json_array();
        for (size_t i = 0; i < plan->statements.count; i++)
                json_array_append_new(statements, statement_json(&plan->statements.items[i]));
        return json_pack("{s:o s:s s:o s:b s:b s:o s:o s:o s:o s:o s:o}", "version", text_json(plan->version),
                "verdict", plan_verdict_name(plan->verdict), "message", text_json(plan->message),
                "transactional", plan->transactional, "post_up", plan->post_up, "statements", statements,
                "file", text_json(plan->file), "description", text_json(plan->description), "refused",
                text_json(plan->refused), "notes", text_json(plan->notes), "assumes",
                strings_json(plan->assumes));
}
