/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/schema/charsets.h"
#include "migrations-reader/schema/sql_expression.h"

#include <string.h>
#include <strings.h>

#define NAME_LIMIT 64

static void foreign_key_deinit(struct planned_foreign_key *key)
{
        free(key->name);
        free(key->index_name);
        strings_free(key->columns);
        free(key->table);
        strings_free(key->table_columns);
}

static void column_spec_deinit(struct column_spec *spec)
{
        free(spec->name);
        type_spec_deinit(&spec->type);
        default_spec_deinit(&spec->default_value);
        free(spec->comment);
        free(spec->expression);
        strings_free(spec->expression_columns);
        free(spec->check);
        free(spec->old_name);
        free(spec->after);
}

void planned_key_deinit(struct planned_key *key)
{
        schema_index_deinit(&key->index);
}

void table_definition_deinit(struct table_definition *definition)
{
        for (size_t i = 0; i < definition->column_count; i++)
                column_spec_deinit(&definition->columns[i]);
        for (size_t i = 0; i < definition->key_count; i++)
                planned_key_deinit(&definition->keys[i]);
        for (size_t i = 0; i < definition->foreign_key_count; i++)
                foreign_key_deinit(&definition->foreign_keys[i]);
        for (size_t i = 0; i < definition->check_count; i++) {
                free(definition->checks[i].name);
                free(definition->checks[i].expression);
        }
        free(definition->columns);
        free(definition->keys);
        free(definition->foreign_keys);
        free(definition->checks);
        *definition = (struct table_definition){0};
}

void add_planned_key(struct table_definition *definition, struct planned_key key)
{
        definition->keys = memory_grow(definition->keys, definition->key_count, sizeof *definition->keys);
        definition->keys[definition->key_count++] = key;
}

static void add_foreign_key(struct table_definition *definition, struct planned_foreign_key key)
{
        definition->foreign_keys = memory_grow(
                definition->foreign_keys, definition->foreign_key_count, sizeof *definition->foreign_keys);
        definition->foreign_keys[definition->foreign_key_count++] = key;
        struct planned_key index = {.generated = true, .if_not_exists = key.if_not_exists};
        index.index.name = string_copy(key.index_name);
        for (size_t i = 0; key.columns[i]; i++)
                schema_index_add_part(
                        &index.index, (struct schema_index_part){.column = string_copy(key.columns[i])});
        add_planned_key(definition, index);
}

static void add_column_key(
        struct table_definition *definition, enum planned_key_kind kind, const char *column)
{
        struct planned_key key = {.kind = kind};
        schema_index_add_part(&key.index, (struct schema_index_part){.column = string_copy(column)});
        add_planned_key(definition, key);
}

/* Keys */

static bool read_key_part(struct ddl *ddl, struct sql_cursor *cursor, struct planned_key *key)
{
        struct sql_cursor inside;
        struct schema_index_part part = {.column = sql_take_name(cursor)};
        uint64_t length = 0;
        bool fine = part.column != NULL;
        if (fine && sql_at_mark(cursor, '('))
                fine = sql_take_parentheses(cursor, &inside) && sql_take_number(&inside, &length) &&
                       sql_at_end(&inside) && length > 0 && length < UINT32_MAX;
        part.length = (unsigned)length;
        if (fine && !sql_take_word(cursor, "ASC"))
                part.descending = sql_take_word(cursor, "DESC");
        if (fine) {
                schema_index_add_part(&key->index, part);
                return true;
        }
        free(part.column);
        return ddl_doubt(ddl, "a key part that is not followed");
}

static bool read_using(struct ddl *ddl, struct planned_key *key)
{
        if (!sql_take_word(&ddl->cursor, "USING") && !sql_take_word(&ddl->cursor, "TYPE"))
                return false;
        if (sql_take_word(&ddl->cursor, "BTREE"))
                string_replace(&key->index.type, string_copy("BTREE"));
        else if (sql_take_word(&ddl->cursor, "HASH"))
                string_replace(&key->index.type, string_copy("HASH"));
        else
                return false;
        return true;
}

static bool read_key_options(struct ddl *ddl, struct planned_key *key)
{
        for (;;) {
                uint64_t number;
                if (read_using(ddl, key))
                        continue;
                if (sql_take_word(&ddl->cursor, "COMMENT")) {
                        (void)sql_take_mark(&ddl->cursor, '=');
                        string_replace(&key->index.comment, sql_take_string(&ddl->cursor));
                        if (!key->index.comment)
                                return ddl_syntax(ddl);
                } else if (sql_take_word(&ddl->cursor, "KEY_BLOCK_SIZE")) {
                        (void)sql_take_mark(&ddl->cursor, '=');
                        if (!sql_take_number(&ddl->cursor, &number))
                                return ddl_syntax(ddl);
                } else if (!sql_take_word(&ddl->cursor, "VISIBLE") &&
                           !sql_take_words(&ddl->cursor, "NOT IGNORED"))
                        return true;
        }
}

bool read_key_parts(struct ddl *ddl, struct planned_key *key)
{
        struct sql_cursor inside;
        (void)read_using(ddl, key);
        if (!sql_take_parentheses(&ddl->cursor, &inside))
                return ddl_syntax(ddl);
        do
                if (!read_key_part(ddl, &inside, key))
                        return false;
        while (sql_take_mark(&inside, ','));
        if (!sql_at_end(&inside))
                return ddl_doubt(ddl, "a key part that is not followed");
        return read_key_options(ddl, key);
}

static bool at_key_body(const struct ddl *ddl)
{
        return sql_at_mark(&ddl->cursor, '(') || sql_at_word(&ddl->cursor, "USING");
}

static bool read_key(
        struct ddl *ddl, struct table_definition *definition, enum planned_key_kind kind, char *name)
{
        struct planned_key key = {.kind = kind, .index.name = name};
        if (kind != PLANNED_PRIMARY)
                key.if_not_exists = ddl_take_if_not_exists(ddl);
        if (!at_key_body(ddl)) {
                string_replace(&key.index.name, sql_take_name(&ddl->cursor));
                if (!key.index.name && !sql_at_end(&ddl->cursor) && ddl->cursor.next->type == SQL_NAME) {
                        planned_key_deinit(&key);
                        return ddl_refuse(ddl, 1280, "Incorrect index name ''");
                }
        }
        bool fine = read_key_parts(ddl, &key);
        add_planned_key(definition, key);
        return fine;
}

/* Foreign keys */

static char **read_names(struct ddl *ddl)
{
        struct sql_cursor inside;
        if (!sql_take_parentheses(&ddl->cursor, &inside))
                return NULL;
        char **names = memory_new_array(1, sizeof *names);
        do {
                char *name = sql_take_name(&inside);
                if (!name) {
                        strings_free(names);
                        return NULL;
                }
                strings_add(&names, name);
        } while (sql_take_mark(&inside, ','));
        if (sql_at_end(&inside))
                return names;
        strings_free(names);
        return NULL;
}

static const char *take_rule(struct ddl *ddl)
{
        static const char *const rules[] = {"RESTRICT", "CASCADE", "SET NULL", "NO ACTION", "SET DEFAULT"};
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
                if (sql_take_words(&ddl->cursor, rules[i]))
                        return rules[i];
        return NULL;
}

/* Behind the word REFERENCES. */
static bool read_reference(struct ddl *ddl, struct planned_foreign_key *key)
{
        key->on_update = key->on_delete = NULL;
        key->table = ddl_take_table(ddl);
        if (!key->table)
                return false;
        key->table_columns = read_names(ddl);
        if (!key->table_columns)
                return ddl_syntax(ddl);
        if (sql_take_word(&ddl->cursor, "MATCH"))
                return ddl_doubt(ddl, "MATCH of a foreign key");
        while (sql_take_word(&ddl->cursor, "ON")) {
                bool update = sql_take_word(&ddl->cursor, "UPDATE");
                if (!update && !sql_take_word(&ddl->cursor, "DELETE"))
                        return ddl_syntax(ddl);
                const char **rule = update ? &key->on_update : &key->on_delete;
                *rule = take_rule(ddl);
                if (!*rule || strcmp(*rule, "SET DEFAULT") == 0)
                        return ddl_syntax(ddl);
        }
        bool mysql = !ddl->schema->server.mariadb;
        key->on_update = key->on_update ?: mysql ? "NO ACTION" : "RESTRICT";
        key->on_delete = key->on_delete ?: mysql ? "NO ACTION" : "RESTRICT";
        return true;
}

/* Behind the words FOREIGN KEY. */
static bool read_foreign_key(struct ddl *ddl, struct table_definition *definition, char *name)
{
        struct planned_foreign_key key = {.if_not_exists = ddl_take_if_not_exists(ddl), .name = name};
        if (!sql_at_mark(&ddl->cursor, '('))
                key.index_name = sql_take_name(&ddl->cursor);
        if (key.name)
                string_replace(&key.index_name, string_copy(key.name));
        key.columns = read_names(ddl);
        bool fine = key.columns && sql_take_word(&ddl->cursor, "REFERENCES");
        if (!fine)
                (void)ddl_syntax(ddl);
        else
                fine = read_reference(ddl, &key);
        if (fine && strings_count(key.columns) != strings_count(key.table_columns))
                fine = ddl_refuse(ddl, 1239,
                        "Incorrect foreign key definition for '%s': Key reference and table reference don't "
                        "match",
                        key.name ?: "foreign key without name");
        if (fine)
                add_foreign_key(definition, key);
        else
                foreign_key_deinit(&key);
        return fine;
}

/* Expressions */

static char *expression_of(struct ddl *ddl, const struct sql_cursor *inside, char ***ret_columns)
{
        char *written = sql_expression_text(inside, &ddl->schema->server, ret_columns);
        if (!ddl->verbatim || sql_at_end(inside))
                return written;
        const struct sql_token *last = inside->end - 1;
        free(written);
        return memory_copy(inside->next->start, (size_t)(last->start + last->size - inside->next->start));
}

static bool read_check(struct ddl *ddl, char **ret)
{
        struct sql_cursor inside;
        if (!sql_take_parentheses(&ddl->cursor, &inside))
                return ddl_syntax(ddl);
        *ret = expression_of(ddl, &inside, NULL);
        return true;
}

static bool read_check_constraint(struct ddl *ddl, struct table_definition *definition, char *name)
{
        struct planned_check check = {.name = name};
        bool fine = read_check(ddl, &check.expression);
        definition->checks =
                memory_grow(definition->checks, definition->check_count, sizeof *definition->checks);
        definition->checks[definition->check_count++] = check;
        return fine;
}

/* Columns */

static bool read_generated(struct ddl *ddl, struct column_spec *spec)
{
        struct sql_cursor inside;
        bool late = spec->null || spec->not_null || spec->comment || spec->default_value.kind != DEFAULT_NONE;
        if (late || !sql_take_parentheses(&ddl->cursor, &inside))
                return ddl_syntax(ddl);
        spec->generated = true;
        spec->expression = expression_of(ddl, &inside, &spec->expression_columns);
        if (sql_take_word(&ddl->cursor, "STORED") || sql_take_word(&ddl->cursor, "PERSISTENT"))
                spec->stored = true;
        else
                (void)sql_take_word(&ddl->cursor, "VIRTUAL");
        return true;
}

static bool read_default(struct ddl *ddl, struct column_spec *spec)
{
        default_spec_deinit(&spec->default_value);
        struct sql_cursor begin = ddl->cursor;
        if (!default_spec_read(&ddl->cursor, &ddl->schema->server, &spec->default_value))
                return ddl_syntax(ddl);
        if (spec->default_value.kind == DEFAULT_EXPRESSION && ddl->verbatim) {
                const struct sql_token *last = ddl->cursor.next - 1;
                string_replace(&spec->default_value.text,
                        memory_copy(
                                begin.next->start, (size_t)(last->start + last->size - begin.next->start)));
        }
        return true;
}

static bool read_column_charset(struct ddl *ddl, struct column_spec *spec, bool *ret_taken)
{
        enum type_result result = TYPE_READ;
        unsigned number = 0;
        _cleanup_free_ char *message = NULL;
        *ret_taken = sql_at_word(&ddl->cursor, "COLLATE") &&
                     type_spec_read_charset(
                             &ddl->cursor, &ddl->schema->server, &spec->type, &result, &number, &message);
        if (result == TYPE_REFUSED)
                return ddl_refuse(ddl, number, "%s", message);
        return result == TYPE_READ || ddl_syntax(ddl);
}

static bool read_inline_reference(
        struct ddl *ddl, struct table_definition *definition, const struct column_spec *spec)
{
        if (spec->generated)
                return ddl_doubt(ddl, "REFERENCES of a generated column");
        const struct database_server *server = &ddl->schema->server;
        struct planned_foreign_key key = {.columns = memory_new_array(2, sizeof(char *))};
        key.columns[0] = string_copy(spec->name);
        bool fine = read_reference(ddl, &key);
        bool counts = server->mariadb && server->major * 100 + server->minor >= 1005;
        if (fine && counts)
                add_foreign_key(definition, key); /* MySQL reads it and forgets it */
        else
                foreign_key_deinit(&key);
        return fine;
}

/* 1: taken; 0: none stands here; -1: refused or in doubt. */
static int read_attribute(struct ddl *ddl, struct table_definition *definition, struct column_spec *spec)
{
        struct sql_cursor *cursor = &ddl->cursor;
        bool taken = false;
        if (sql_take_words(cursor, "NOT NULL")) {
                spec->not_null = true;
                spec->null = false;
        } else if (sql_take_word(cursor, "NULL")) {
                spec->null = true;
                spec->not_null = false;
        } else if (sql_take_words(cursor, "ON UPDATE")) {
                spec->on_update = take_now(cursor, &spec->on_update_precision);
                return spec->on_update ? 1 : ddl_syntax(ddl) - 1;
        } else if (sql_take_word(cursor, "DEFAULT"))
                return read_default(ddl, spec) ? 1 : -1;
        else if (sql_take_word(cursor, "AUTO_INCREMENT"))
                spec->auto_increment = true;
        else if (sql_take_words(cursor, "PRIMARY KEY") || sql_take_word(cursor, "KEY")) {
                spec->primary = true;
                add_column_key(definition, PLANNED_PRIMARY, spec->name);
        } else if (sql_take_word(cursor, "UNIQUE")) {
                (void)sql_take_word(cursor, "KEY");
                add_column_key(definition, PLANNED_UNIQUE, spec->name);
        } else if (sql_take_word(cursor, "COMMENT")) {
                string_replace(&spec->comment, sql_take_string(cursor));
                return spec->comment ? 1 : ddl_syntax(ddl) - 1;
        } else if (sql_take_words(cursor, "GENERATED ALWAYS AS") || sql_take_word(cursor, "AS"))
                return read_generated(ddl, spec) ? 1 : -1;
        else if (sql_take_word(cursor, "CHECK")) {
                spec->has_check = true;
                return read_check(ddl, &spec->check) ? 1 : -1;
        } else if (sql_take_word(cursor, "REFERENCES"))
                return read_inline_reference(ddl, definition, spec) ? 1 : -1;
        else if (sql_take_word(cursor, "INVISIBLE"))
                spec->invisible = true;
        else if (!read_column_charset(ddl, spec, &taken))
                return -1;
        else
                return taken;
        return 1;
}

static bool read_place(struct ddl *ddl, struct column_spec *spec)
{
        if (sql_take_word(&ddl->cursor, "FIRST"))
                spec->first = true;
        else if (sql_take_word(&ddl->cursor, "AFTER")) {
                spec->after = sql_take_name(&ddl->cursor);
                return spec->after || ddl_syntax(ddl);
        }
        return true;
}

static bool read_type(struct ddl *ddl, struct column_spec *spec)
{
        unsigned number = 0;
        _cleanup_free_ char *message = NULL;
        switch (type_spec_read(
                &ddl->cursor, &ddl->schema->server, spec->name, &spec->type, &number, &message)) {
        case TYPE_READ:
                return true;
        case TYPE_REFUSED:
                return ddl_refuse(ddl, number, "%s", message);
        case TYPE_UNKNOWN:
                break;
        }
        return ddl_doubt(ddl, "the type of column %s is not followed", spec->name);
}

static struct column_spec *add_column(struct table_definition *definition, char *name)
{
        definition->columns =
                memory_grow(definition->columns, definition->column_count, sizeof *definition->columns);
        struct column_spec *spec = &definition->columns[definition->column_count++];
        *spec = (struct column_spec){.name = name};
        return spec;
}

static bool check_column_name(struct ddl *ddl, const char *name)
{
        size_t size = strlen(name);
        if (text_columns(name) > NAME_LIMIT)
                return ddl_refuse(ddl, 1059, "Identifier name '%s' is too long", name);
        return name[size - 1] != ' ' || ddl_refuse(ddl, 1166, "Incorrect column name '%s'", name);
}

/* What the server's parser refuses by itself. */
static bool check_attributes(struct ddl *ddl, const struct column_spec *spec)
{
        enum type_kind kind = spec->type.kind;
        bool counts = kind == TYPE_INTEGER || kind == TYPE_FLOAT || kind == TYPE_DOUBLE;
        bool null = spec->default_value.kind == DEFAULT_NULL && (spec->not_null || spec->primary);
        if (null || (spec->auto_increment && spec->default_value.kind > DEFAULT_NULL))
                return ddl_refuse(ddl, 1067, "Invalid default value for '%s'", spec->name);
        if (spec->auto_increment && !counts)
                return ddl_refuse(ddl, 1063, "Incorrect column specifier for column '%s'", spec->name);
        return true;
}

bool read_column(struct ddl *ddl, struct table_definition *definition, char *name)
{
        if (!name)
                name = sql_take_name(&ddl->cursor);
        if (!name)
                return ddl_syntax(ddl);
        struct column_spec *spec = add_column(definition, name);
        if (!check_column_name(ddl, spec->name) || !read_type(ddl, spec))
                return false;
        if (spec->type.is_serial) {
                spec->not_null = spec->auto_increment = true;
                add_column_key(definition, PLANNED_UNIQUE, spec->name);
        }
        int taken;
        while ((taken = read_attribute(ddl, definition, spec)) > 0)
                ;
        return taken == 0 && check_attributes(ddl, spec) && read_place(ddl, spec);
}

bool at_key(const struct ddl *ddl)
{
        static const char *const words[] = {"CONSTRAINT", "PRIMARY", "UNIQUE", "INDEX", "KEY", "FULLTEXT",
                "SPATIAL", "FOREIGN", "CHECK", "PERIOD"};
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (sql_at_word(&ddl->cursor, words[i]))
                        return true;
        return false;
}

static char *take_constraint_name(struct ddl *ddl)
{
        if (!sql_take_word(&ddl->cursor, "CONSTRAINT"))
                return NULL;
        if (sql_at_word(&ddl->cursor, "PRIMARY") || sql_at_word(&ddl->cursor, "UNIQUE") ||
                sql_at_word(&ddl->cursor, "FOREIGN") || sql_at_word(&ddl->cursor, "CHECK"))
                return NULL;
        return sql_take_name(&ddl->cursor);
}

static bool take_key_word(struct ddl *ddl)
{
        return sql_take_word(&ddl->cursor, "INDEX") || sql_take_word(&ddl->cursor, "KEY");
}

bool read_definition(struct ddl *ddl, struct table_definition *definition)
{
        struct sql_cursor *cursor = &ddl->cursor;
        if (!at_key(ddl))
                return read_column(ddl, definition, NULL);
        _cleanup_free_ char *name = take_constraint_name(ddl);
        if (sql_take_words(cursor, "PRIMARY KEY")) {
                if (!at_key_body(ddl))
                        free(sql_take_name(cursor));
                return read_key(ddl, definition, PLANNED_PRIMARY, NULL);
        }
        if (sql_take_words(cursor, "FOREIGN KEY"))
                return read_foreign_key(ddl, definition, steal(&name));
        if (sql_take_word(cursor, "CHECK"))
                return read_check_constraint(ddl, definition, steal(&name));
        enum planned_key_kind kind = PLANNED_PLAIN;
        if (sql_take_word(cursor, "UNIQUE"))
                kind = PLANNED_UNIQUE;
        else if (sql_take_word(cursor, "FULLTEXT"))
                kind = PLANNED_FULLTEXT;
        else if (sql_take_word(cursor, "SPATIAL"))
                kind = PLANNED_SPATIAL;
        if (!take_key_word(ddl) && kind == PLANNED_PLAIN)
                return ddl_syntax(ddl);
        return read_key(ddl, definition, kind, steal(&name));
}
