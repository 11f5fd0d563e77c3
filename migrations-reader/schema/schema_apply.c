/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "migrations-reader/schema/ddl.h"

#include <string.h>
#include <strings.h>

static void mark(struct schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->count; i++)
                if (schema_compare_names(schema, schema->tables[i]->name, name) == 0)
                        schema->tables[i]->uncertain = true;
}

/* A table of which nothing but its name is known. */
static void add_unknown(struct schema *schema, const char *name)
{
        if (schema_find_table(schema, name) || schema_has_view(schema, name))
                return;
        struct schema_table *table = memory_new(sizeof *table);
        table->name = string_copy(name);
        table->comment = string_copy("");
        table->uncertain = true;
        schema_add_table(schema, table);
}

static bool makes_table(const struct sql_tokens *tokens)
{
        struct sql_cursor cursor = {.next = tokens->items, .end = tokens->items + tokens->count};
        if (!sql_take_word(&cursor, "CREATE"))
                return false;
        (void)sql_take_words(&cursor, "OR REPLACE");
        return sql_at_word(&cursor, "TABLE");
}

/* DROP and RENAME are about all their tables, other statements about the first. */
static bool is_about_all(const struct sql_tokens *tokens)
{
        return tokens->count > 0 &&
               (sql_token_is(&tokens->items[0], "DROP") || sql_token_is(&tokens->items[0], "RENAME"));
}

static void mark_uncertain(
        struct schema *schema, const char *sql, size_t size, const struct sql_tokens *tokens)
{
        bool certain;
        _cleanup_strings_ char **names = schema_statement_tables(sql, size, &certain);
        if (!names[0] && !certain)
                for (size_t i = 0; i < schema->count; i++)
                        schema->tables[i]->uncertain = true;
        if (names[0] && makes_table(tokens))
                add_unknown(schema, names[0]);
        for (size_t i = 0; names[i] && (i == 0 || is_about_all(tokens)); i++)
                mark(schema, names[i]);
}

/* A refusal by a table whose content is not known is none. */
static bool is_about_uncertain(struct schema *schema, const char *sql, size_t size)
{
        bool certain, found = false;
        _cleanup_strings_ char **names = schema_statement_tables(sql, size, &certain);
        for (size_t i = 0; names[i]; i++) {
                const struct schema_table *table = schema_find_table(schema, names[i]);
                found = found || (table && table->uncertain);
        }
        return found;
}

static enum schema_effect apply_one(
        struct schema *schema, const char *sql, size_t size, unsigned *ret_number, char **ret_message)
{
        _cleanup_sql_tokens_ struct sql_tokens tokens = {0};
        bool whole = sql_tokens_read(&tokens, sql, size, &schema->server);
        if (whole && tokens.count == 0)
                return SCHEMA_SAME; /* an executable comment for another server */
        enum schema_effect effect = SCHEMA_UNCERTAIN;
        if (whole && tokens.items[tokens.count - 1].type != SQL_BROKEN) {
                struct sql_cursor cursor = {.next = tokens.items, .end = tokens.items + tokens.count};
                effect = apply_statement(schema, &cursor, false, ret_number, ret_message);
        } else
                string_replace(ret_message, string_copy("the statement has no end"));
        if (effect == SCHEMA_REFUSED && is_about_uncertain(schema, sql, size)) {
                effect = SCHEMA_UNCERTAIN;
                *ret_number = 0;
        }
        if (effect == SCHEMA_UNCERTAIN)
                mark_uncertain(schema, sql, size, &tokens);
        return effect;
}

static unsigned weight_of(enum schema_effect effect)
{
        switch (effect) {
        case SCHEMA_SAME:
                return 0;
        case SCHEMA_CHANGED:
                return 1;
        case SCHEMA_UNCERTAIN:
                return 2;
        case SCHEMA_REFUSED:
                return 3;
        }
        return 0;
}

enum schema_effect schema_apply(
        struct schema *schema, const char *sql, size_t size, unsigned *ret_number, char **ret_message)
{
        enum schema_effect result = SCHEMA_SAME;
        struct schema_statement *statements = NULL;
        size_t count = schema_split(sql, size, &statements);
        *ret_number = 0;
        *ret_message = NULL;
        for (size_t i = 0; i < count && result != SCHEMA_REFUSED; i++) {
                unsigned number = 0;
                _cleanup_free_ char *message = NULL;
                enum schema_effect effect =
                        apply_one(schema, sql + statements[i].offset, statements[i].size, &number, &message);
                if (weight_of(effect) <= weight_of(result))
                        continue;
                result = effect;
                *ret_number = number;
                string_replace(ret_message, steal(&message));
        }
        free(statements);
        return result;
}
