/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"
#include "migrations-reader/schema/alter.h"

#include <string.h>
#include <strings.h>

bool ddl_refuse(struct ddl *ddl, unsigned number, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        ddl->number = number;
        string_replace(&ddl->message, string_format_list(format, arguments));
        va_end(arguments);
        return false;
}

bool ddl_doubt(struct ddl *ddl, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        if (!ddl->doubtful)
                string_replace(&ddl->message, string_format_list(format, arguments));
        ddl->doubtful = true;
        va_end(arguments);
        return false;
}

bool ddl_syntax(struct ddl *ddl)
{
        if (sql_at_end(&ddl->cursor))
                return ddl_doubt(ddl, "the statement's end is not followed");
        const struct sql_token *token = ddl->cursor.next;
        int size = token->size > 40 ? 40 : (int)token->size;
        return ddl_doubt(ddl, "what begins with \"%.*s\" is not followed", size, token->start);
}

char *ddl_take_table(struct ddl *ddl)
{
        _cleanup_free_ char *name = sql_take_name(&ddl->cursor);
        if (!name) {
                (void)ddl_syntax(ddl);
                return NULL;
        }
        if (!sql_take_mark(&ddl->cursor, '.'))
                return steal(&name);
        _cleanup_free_ char *table = sql_take_name(&ddl->cursor);
        if (!table || schema_compare_names(ddl->schema, name, ddl->schema->database) != 0) {
                (void)ddl_doubt(ddl, "database %s is not the one that is known", name);
                return NULL;
        }
        return steal(&table);
}

bool ddl_take_if_exists(struct ddl *ddl)
{
        return sql_take_words(&ddl->cursor, "IF EXISTS");
}

bool ddl_take_if_not_exists(struct ddl *ddl)
{
        return sql_take_words(&ddl->cursor, "IF NOT EXISTS");
}

/* CREATE, DROP INDEX */

bool apply_create_index(struct ddl *ddl, enum planned_key_kind kind)
{
        _cleanup_(alter_deinit) struct alter alter = {0};
        struct planned_key key = {.kind = kind, .if_not_exists = ddl_take_if_not_exists(ddl)};
        key.index.name = sql_take_name(&ddl->cursor);
        bool fine = key.index.name != NULL;
        while (fine && !sql_at_end(&ddl->cursor) && !sql_at_word(&ddl->cursor, "ON"))
                ddl->cursor.next++; /* USING BTREE: the same without */
        fine = fine && sql_take_word(&ddl->cursor, "ON");
        if (!fine)
                (void)ddl_syntax(ddl);
        alter.table = fine ? ddl_take_table(ddl) : NULL;
        fine = alter.table && read_key_parts(ddl, &key);
        add_planned_key(&alter.definition, key);
        while (fine && (sql_take_word(&ddl->cursor, "ALGORITHM") || sql_take_word(&ddl->cursor, "LOCK"))) {
                (void)sql_take_mark(&ddl->cursor, '=');
                ddl->cursor.next += !sql_at_end(&ddl->cursor);
        }
        if (!fine || !sql_at_end(&ddl->cursor))
                return fine ? ddl_syntax(ddl) : false;
        return apply_alter(ddl, &alter);
}

bool apply_drop_index(struct ddl *ddl)
{
        _cleanup_(alter_deinit) struct alter alter = {0};
        struct dropped drop = {.kind = DROP_KEY, .if_exists = ddl_take_if_exists(ddl)};
        drop.name = sql_take_name(&ddl->cursor);
        bool fine = drop.name && sql_take_word(&ddl->cursor, "ON");
        add_dropped(&alter, drop);
        if (!fine)
                return ddl_syntax(ddl);
        alter.table = ddl_take_table(ddl);
        while (alter.table &&
                (sql_take_word(&ddl->cursor, "ALGORITHM") || sql_take_word(&ddl->cursor, "LOCK"))) {
                (void)sql_take_mark(&ddl->cursor, '=');
                ddl->cursor.next += !sql_at_end(&ddl->cursor);
        }
        if (!alter.table || !sql_at_end(&ddl->cursor))
                return alter.table ? ddl_syntax(ddl) : false;
        return apply_alter(ddl, &alter);
}

bool apply_alter_table(struct ddl *ddl)
{
        _cleanup_(alter_deinit) struct alter alter = {.if_exists = ddl_take_if_exists(ddl)};
        alter.table = ddl_take_table(ddl);
        return alter.table && read_alter(ddl, &alter) && apply_alter(ddl, &alter);
}

/* Tables */

static bool refuse_unknown(struct ddl *ddl, const char *name)
{
        return ddl_refuse(ddl, 1146, "Table '%s.%s' doesn't exist", ddl->schema->database, name);
}

bool apply_rename(struct ddl *ddl, const char *old, const char *new)
{
        struct schema *schema = ddl->schema;
        bool view = schema_has_view(schema, old);
        if (!view && !schema_find_table(schema, old))
                return refuse_unknown(ddl, old);
        if (strcmp(old, new) == 0)
                return true;
        if ((schema_find_table(schema, new) || schema_has_view(schema, new)) &&
                schema_compare_names(schema, old, new) != 0)
                return ddl_refuse(ddl, 1050, "Table '%s' already exists", new);
        if (view) {
                schema_remove_view(schema, old);
                schema_add_view(schema, new);
                return true;
        }
        _cleanup_free_ char *former = string_copy(old);
        struct schema_table *table = schema_take_table(schema, former);
        string_replace(&table->name, string_copy(new));
        rename_foreign_keys(table, former);
        schema_add_table(schema, table);
        rename_referenced_table(schema, former, table->name);
        return true;
}

/* Unlike ALTER TABLE a RENAME TO a. */
static bool check_new_name(struct ddl *ddl, const char *old, const char *new)
{
        bool there = schema_find_table(ddl->schema, old) || schema_has_view(ddl->schema, old);
        if (!there || schema_compare_names(ddl->schema, old, new) != 0)
                return true;
        return ddl_refuse(ddl, 1050, "Table '%s' already exists", new);
}

/* RENAME TABLE a TO b, c TO d: all or none. */
static bool apply_rename_table(struct ddl *ddl)
{
        char **done = memory_new_array(1, sizeof *done);
        bool fine = true;
        do {
                _cleanup_free_ char *old = ddl_take_table(ddl);
                bool to = old && sql_take_word(&ddl->cursor, "TO");
                if (old && !to)
                        (void)ddl_syntax(ddl);
                _cleanup_free_ char *new = to ? ddl_take_table(ddl) : NULL;
                fine = new &&check_new_name(ddl, old, new) && apply_rename(ddl, old, new);
                if (fine) {
                        strings_add(&done, steal(&old));
                        strings_add(&done, steal(&new));
                }
        } while (fine && sql_take_mark(&ddl->cursor, ','));
        if (fine && !sql_at_end(&ddl->cursor))
                fine = ddl_syntax(ddl);
        for (size_t count = strings_count(done); !fine && count > 0; count -= 2) {
                struct ddl back = {.schema = ddl->schema};
                (void)apply_rename(&back, done[count - 1], done[count - 2]);
                free(back.message);
        }
        strings_free(done);
        return fine;
}

static bool drop_one(struct ddl *ddl, const char *name, bool if_exists)
{
        struct schema *schema = ddl->schema;
        const struct schema_table *other = NULL;
        if (schema_has_view(schema, name))
                return if_exists || ddl_refuse(ddl, 1965, "'%s.%s' is a view", schema->database, name);
        if (!schema_find_table(schema, name))
                return if_exists || ddl_refuse(ddl, 1051, "Unknown table '%s.%s'", schema->database, name);
        if (!schema->no_foreign_key_checks && find_reference(schema, name, &other)) {
                if (other->uncertain)
                        return ddl_doubt(ddl, "table %s may refer to %s", other->name, name);
                return ddl_refuse(
                        ddl, 1451, "Cannot delete or update a parent row: a foreign key constraint fails");
        }
        schema_table_free(schema_take_table(schema, name));
        return true;
}

/* Those that can be dropped are, whatever happens to the others. */
static bool apply_drop_table(struct ddl *ddl)
{
        bool if_exists = ddl_take_if_exists(ddl), fine = true;
        do {
                _cleanup_free_ char *name = ddl_take_table(ddl);
                unsigned before = ddl->number;
                if (!name)
                        return false;
                fine = drop_one(ddl, name, if_exists) && fine;
                if (before != 0 && ddl->number != before)
                        return ddl_doubt(ddl, "several tables that can't be dropped");
        } while (sql_take_mark(&ddl->cursor, ','));
        if (!sql_take_word(&ddl->cursor, "CASCADE"))
                (void)sql_take_word(&ddl->cursor, "RESTRICT");
        return sql_at_end(&ddl->cursor) ? fine : ddl_syntax(ddl);
}

static bool apply_truncate(struct ddl *ddl)
{
        (void)sql_take_word(&ddl->cursor, "TABLE");
        _cleanup_free_ char *name = ddl_take_table(ddl);
        if (!name)
                return false;
        struct schema_table *table = schema_take_table(ddl->schema, name);
        if (!table)
                return refuse_unknown(ddl, name);
        bool refused = !ddl->schema->no_foreign_key_checks && find_reference(ddl->schema, name, NULL);
        if (!refused)
                table->auto_increment = table->auto_increment > 0;
        schema_add_table(ddl->schema, table);
        return !refused ||
               ddl_refuse(ddl, 1701, "Cannot truncate a table referenced in a foreign key constraint");
}

/* Views */

static bool apply_create_view(struct ddl *ddl, bool replace)
{
        bool if_not_exists = ddl_take_if_not_exists(ddl);
        _cleanup_free_ char *name = ddl_take_table(ddl);
        if (!name)
                return false;
        if (schema_find_table(ddl->schema, name))
                return replace ? ddl_refuse(ddl, 1347, "'%s.%s' is not of type 'VIEW'", ddl->schema->database,
                                         name)
                               : ddl_refuse(ddl, 1050, "Table '%s' already exists", name);
        if (schema_has_view(ddl->schema, name) && !replace)
                return if_not_exists || ddl_refuse(ddl, 1050, "Table '%s' already exists", name);
        schema_add_view(ddl->schema, name);
        return true;
}

static unsigned unknown_view_number(const struct database_server *server)
{
        return server->mariadb && server->major * 100 + server->minor >= 1003 ? 4092 : 1051;
}

static bool apply_drop_view(struct ddl *ddl)
{
        bool if_exists = ddl_take_if_exists(ddl), fine = true;
        do {
                _cleanup_free_ char *name = ddl_take_table(ddl);
                if (!name)
                        return false;
                if (schema_has_view(ddl->schema, name))
                        schema_remove_view(ddl->schema, name);
                else if (!if_exists)
                        fine = ddl_refuse(ddl, unknown_view_number(&ddl->schema->server),
                                "Unknown VIEW: '%s.%s'", ddl->schema->database, name);
        } while (sql_take_mark(&ddl->cursor, ','));
        return fine;
}

/* SET */

static bool is_off(const struct sql_token *token)
{
        _cleanup_free_ char *text = sql_token_text(token, NULL);
        return strcmp(text, "0") == 0 || strcasecmp(text, "OFF") == 0 || strcasecmp(text, "FALSE") == 0;
}

/* What else than off stands there is a former value that was put by: on. */
static void set_variable(struct ddl *ddl, const struct sql_token *name, const struct sql_token *value)
{
        _cleanup_free_ char *word = sql_token_text(name, NULL);
        const char *bare = word;
        if (string_begins(word, "@@")) {
                bare = strrchr(word, '.');
                bare = bare ? bare + 1 : word + 2;
        }
        if (strcasecmp(bare, "FOREIGN_KEY_CHECKS") == 0)
                ddl->schema->no_foreign_key_checks = is_off(value);
        else if (strcasecmp(bare, "SQL_MODE") == 0 && value->type == SQL_STRING) {
                _cleanup_free_ char *modes = sql_token_text(value, NULL);
                ddl->schema->strict =
                        strcasestr(modes, "STRICT_") != NULL || strcasestr(modes, "TRADITIONAL") != NULL;
        }
}

static bool apply_set(struct ddl *ddl)
{
        struct sql_cursor item;
        while (sql_take_item(&ddl->cursor, &item)) {
                if (sql_take_word(&item, "GLOBAL"))
                        continue;
                if (!sql_take_word(&item, "SESSION"))
                        (void)sql_take_word(&item, "LOCAL");
                if (sql_at_end(&item))
                        continue;
                const struct sql_token *name = item.next++;
                (void)sql_take_mark(&item, ':');
                if (sql_take_mark(&item, '=') && !sql_at_end(&item))
                        set_variable(ddl, name, item.next);
        }
        return true;
}

/* Dispatch */

static void skip_view_words(struct ddl *ddl)
{
        while (!sql_at_end(&ddl->cursor) && !sql_at_word(&ddl->cursor, "VIEW"))
                ddl->cursor.next++;
}

static bool apply_create(struct ddl *ddl)
{
        struct sql_cursor *cursor = &ddl->cursor;
        bool replace = sql_take_words(cursor, "OR REPLACE");
        if (sql_take_word(cursor, "TABLE"))
                return apply_create_table(ddl, replace);
        if (sql_take_word(cursor, "INDEX"))
                return replace ? ddl_syntax(ddl) : apply_create_index(ddl, PLANNED_PLAIN);
        if (sql_take_words(cursor, "UNIQUE INDEX"))
                return apply_create_index(ddl, PLANNED_UNIQUE);
        if (sql_take_words(cursor, "FULLTEXT INDEX"))
                return apply_create_index(ddl, PLANNED_FULLTEXT);
        if (sql_take_words(cursor, "SPATIAL INDEX"))
                return apply_create_index(ddl, PLANNED_SPATIAL);
        static const char *const others[] = {"TEMPORARY", "DATABASE", "SCHEMA", "SEQUENCE"};
        for (size_t i = 0; i < ARRAY_SIZE(others); i++)
                if (sql_at_word(cursor, others[i]))
                        return ddl_syntax(ddl);
        static const char *const routines[] = {"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "AGGREGATE"};
        struct sql_cursor ahead = *cursor;
        for (; !sql_at_end(&ahead) && !sql_at_word(&ahead, "VIEW"); ahead.next++)
                for (size_t i = 0; i < ARRAY_SIZE(routines); i++)
                        if (sql_at_word(&ahead, routines[i]))
                                return true; /* no part of the snapshot */
        skip_view_words(ddl);
        return sql_take_word(cursor, "VIEW") ? apply_create_view(ddl, replace) : ddl_syntax(ddl);
}

static bool apply_drop(struct ddl *ddl)
{
        struct sql_cursor *cursor = &ddl->cursor;
        if (sql_take_word(cursor, "TABLE") || sql_take_word(cursor, "TABLES"))
                return apply_drop_table(ddl);
        if (sql_take_word(cursor, "INDEX"))
                return apply_drop_index(ddl);
        if (sql_take_word(cursor, "VIEW"))
                return apply_drop_view(ddl);
        static const char *const routines[] = {"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "USER"};
        for (size_t i = 0; i < ARRAY_SIZE(routines); i++)
                if (sql_at_word(cursor, routines[i]))
                        return true;
        return ddl_syntax(ddl);
}

static bool apply_alter_word(struct ddl *ddl)
{
        while (sql_take_word(&ddl->cursor, "ONLINE") || sql_take_word(&ddl->cursor, "IGNORE"))
                ;
        return sql_take_word(&ddl->cursor, "TABLE") ? apply_alter_table(ddl) : ddl_syntax(ddl);
}

static bool apply_rename_word(struct ddl *ddl)
{
        if (!sql_take_word(&ddl->cursor, "TABLE") && !sql_take_word(&ddl->cursor, "TABLES"))
                return ddl_syntax(ddl);
        return apply_rename_table(ddl);
}

static bool apply_use(struct ddl *ddl)
{
        _cleanup_free_ char *name = sql_take_name(&ddl->cursor);
        return (name && schema_compare_names(ddl->schema, name, ddl->schema->database) == 0) ||
               ddl_doubt(ddl, "another database is used");
}

static const struct statement {
        const char *word;
        bool (*apply)(struct ddl *ddl); /* NULL: it changes no schema */
        bool changes;
} statements[] = {
        {"ALTER", apply_alter_word, true},
        {"CREATE", apply_create, true},
        {"DROP", apply_drop, true},
        {"RENAME", apply_rename_word, true},
        {"TRUNCATE", apply_truncate, true},
        {"SET", apply_set, false},
        {"USE", apply_use, false},
        {"ANALYZE", NULL, false},
        {"BEGIN", NULL, false},
        {"CHECK", NULL, false},
        {"COMMIT", NULL, false},
        {"DELETE", NULL, false},
        {"DESC", NULL, false},
        {"DESCRIBE", NULL, false},
        {"DO", NULL, false},
        {"EXPLAIN", NULL, false},
        {"FLUSH", NULL, false},
        {"GRANT", NULL, false},
        {"INSERT", NULL, false},
        {"LOCK", NULL, false},
        {"OPTIMIZE", NULL, false},
        {"RELEASE", NULL, false},
        {"REPAIR", NULL, false},
        {"REPLACE", NULL, false},
        {"REVOKE", NULL, false},
        {"ROLLBACK", NULL, false},
        {"SAVEPOINT", NULL, false},
        {"SELECT", NULL, false},
        {"SHOW", NULL, false},
        {"START", NULL, false},
        {"UNLOCK", NULL, false},
        {"UPDATE", NULL, false},
        {"VALUES", NULL, false},
        {"WITH", NULL, false},
};

static enum schema_effect effect_of(struct ddl *ddl, bool fine, bool changes)
{
        if (ddl->doubtful)
                return SCHEMA_UNCERTAIN;
        if (!fine)
                return SCHEMA_REFUSED;
        return changes ? SCHEMA_CHANGED : SCHEMA_SAME;
}

enum schema_effect apply_statement(struct schema *schema, const struct sql_cursor *statement, bool verbatim,
        unsigned *ret_number, char **ret_message)
{
        struct ddl ddl = {.schema = schema, .cursor = *statement, .verbatim = verbatim};
        _cleanup_free_ char *bad_default = NULL;
        enum schema_effect effect = SCHEMA_UNCERTAIN;
        bool known = false;
        while (sql_take_mark(&ddl.cursor, '('))
                ;
        for (size_t i = 0; i < ARRAY_SIZE(statements) && !known; i++) {
                known = sql_take_word(&ddl.cursor, statements[i].word);
                if (known) {
                        bool fine = !statements[i].apply || statements[i].apply(&ddl);
                        effect = effect_of(&ddl, fine, statements[i].changes);
                }
        }
        bad_default = ddl.bad_default;
        if (!known)
                (void)ddl_syntax(&ddl);
        *ret_number = effect == SCHEMA_REFUSED ? ddl.number : 0;
        if (effect == SCHEMA_REFUSED || effect == SCHEMA_UNCERTAIN)
                string_replace(ret_message, ddl.message);
        else
                free(ddl.message);
        return effect;
}
