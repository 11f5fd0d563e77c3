/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/alter.h"

#include "lib/memory.h"
#include "migrations-reader/schema/charsets.h"

#include <string.h>
#include <strings.h>

void alter_deinit(struct alter *alter)
{
        free(alter->table);
        free(alter->new_name);
        table_definition_deinit(&alter->definition);
        table_options_deinit(&alter->options);
        for (size_t i = 0; i < alter->drop_count; i++)
                free(alter->drops[i].name);
        for (size_t i = 0; i < alter->default_count; i++) {
                free(alter->defaults[i].column);
                default_spec_deinit(&alter->defaults[i].value);
        }
        for (size_t i = 0; i < alter->rename_count; i++) {
                free(alter->renames[i].old);
                free(alter->renames[i].new);
        }
        free(alter->drops);
        free(alter->defaults);
        free(alter->renames);
        *alter = (struct alter){0};
}

void add_dropped(struct alter *alter, struct dropped drop)
{
        alter->drops = memory_grow(alter->drops, alter->drop_count, sizeof *alter->drops);
        alter->drops[alter->drop_count++] = drop;
}

static bool read_list(struct ddl *ddl, struct alter *alter)
{
        struct sql_cursor inside, item, behind = ddl->cursor;
        if (!sql_take_parentheses(&behind, &inside))
                return ddl_syntax(ddl);
        while (sql_take_item(&inside, &item)) {
                ddl->cursor = item;
                if (!read_definition(ddl, &alter->definition))
                        return false;
                if (!sql_at_end(&ddl->cursor))
                        return ddl_syntax(ddl);
        }
        ddl->cursor = behind;
        return true;
}

static bool read_add(struct ddl *ddl, struct alter *alter)
{
        bool column = sql_take_word(&ddl->cursor, "COLUMN");
        if (sql_at_word(&ddl->cursor, "PARTITION") || sql_at_word(&ddl->cursor, "SYSTEM"))
                return ddl_syntax(ddl);
        bool if_not_exists = !at_key(ddl) && ddl_take_if_not_exists(ddl);
        if (sql_at_mark(&ddl->cursor, '('))
                return if_not_exists ? ddl_syntax(ddl) : read_list(ddl, alter);
        size_t count = alter->definition.column_count;
        bool fine = column ? read_column(ddl, &alter->definition, NULL)
                           : read_definition(ddl, &alter->definition);
        if (fine && alter->definition.column_count > count)
                alter->definition.columns[count].if_not_exists = if_not_exists;
        return fine;
}

static bool read_drop(struct ddl *ddl, struct alter *alter)
{
        struct sql_cursor *cursor = &ddl->cursor;
        if (sql_take_words(cursor, "PRIMARY KEY")) {
                add_dropped(alter, (struct dropped){.kind = DROP_KEY, .name = string_copy("PRIMARY")});
                return true;
        }
        enum drop_kind kind = DROP_COLUMN;
        if (sql_take_words(cursor, "FOREIGN KEY"))
                kind = DROP_FOREIGN_KEY;
        else if (sql_take_word(cursor, "INDEX") || sql_take_word(cursor, "KEY"))
                kind = DROP_KEY;
        else if (sql_take_word(cursor, "CONSTRAINT") || sql_take_word(cursor, "CHECK"))
                kind = DROP_CONSTRAINT;
        else if (sql_at_word(cursor, "PARTITION") || sql_at_word(cursor, "SYSTEM"))
                return ddl_syntax(ddl);
        else
                (void)sql_take_word(cursor, "COLUMN");
        bool if_exists = ddl_take_if_exists(ddl);
        char *name = sql_take_name(cursor);
        if (!name)
                return ddl_syntax(ddl);
        add_dropped(alter, (struct dropped){.kind = kind, .name = name, .if_exists = if_exists});
        if (!sql_take_word(cursor, "RESTRICT"))
                (void)sql_take_word(cursor, "CASCADE");
        return true;
}

/* MODIFY name definition, CHANGE old new definition */
static bool read_modify(struct ddl *ddl, struct alter *alter, bool change)
{
        (void)sql_take_word(&ddl->cursor, "COLUMN");
        bool if_exists = ddl_take_if_exists(ddl);
        _cleanup_free_ char *old = sql_take_name(&ddl->cursor);
        if (!old)
                return ddl_syntax(ddl);
        size_t count = alter->definition.column_count, keys = alter->definition.foreign_key_count;
        bool fine = read_column(ddl, &alter->definition, change ? NULL : string_copy(old));
        if (fine && alter->definition.foreign_key_count > keys)
                fine = ddl_doubt(ddl, "REFERENCES of a column that is changed");
        if (alter->definition.column_count > count) {
                alter->definition.columns[count].old_name = steal(&old);
                alter->definition.columns[count].if_exists = if_exists;
        }
        return fine;
}

static void add_renamed(struct alter *alter, struct renamed renamed)
{
        alter->renames = memory_grow(alter->renames, alter->rename_count, sizeof *alter->renames);
        alter->renames[alter->rename_count++] = renamed;
}

static bool read_rename_part(struct ddl *ddl, struct alter *alter, bool column)
{
        struct renamed renamed = {.column = column, .if_exists = ddl_take_if_exists(ddl)};
        renamed.old = sql_take_name(&ddl->cursor);
        if (renamed.old && sql_take_word(&ddl->cursor, "TO"))
                renamed.new = sql_take_name(&ddl->cursor);
        bool fine = renamed.new != NULL, primary = renamed.old &&strcasecmp(renamed.old, "PRIMARY") == 0;
        add_renamed(alter, renamed);
        if (fine && primary && !column)
                return ddl_refuse(ddl, 1280, "Incorrect index name 'PRIMARY'");
        return fine || ddl_syntax(ddl);
}

static bool read_rename(struct ddl *ddl, struct alter *alter)
{
        struct sql_cursor *cursor = &ddl->cursor;
        if (sql_take_word(cursor, "COLUMN"))
                return read_rename_part(ddl, alter, true);
        if (sql_take_word(cursor, "INDEX") || sql_take_word(cursor, "KEY"))
                return read_rename_part(ddl, alter, false);
        if (!sql_take_word(cursor, "TO") && !sql_take_word(cursor, "AS"))
                (void)sql_take_mark(cursor, '=');
        string_replace(&alter->new_name, ddl_take_table(ddl));
        return alter->new_name != NULL;
}

static bool read_alter_column(struct ddl *ddl, struct alter *alter)
{
        (void)sql_take_word(&ddl->cursor, "COLUMN");
        struct set_default change = {.column = sql_take_name(&ddl->cursor)};
        bool set = sql_take_words(&ddl->cursor, "SET DEFAULT");
        bool fine = change.column && (set || sql_take_words(&ddl->cursor, "DROP DEFAULT")) &&
                    (!set || default_spec_read(&ddl->cursor, &ddl->schema->server, &change.value));
        alter->defaults = memory_grow(alter->defaults, alter->default_count, sizeof *alter->defaults);
        alter->defaults[alter->default_count++] = change;
        return fine || ddl_syntax(ddl);
}

static bool read_convert(struct ddl *ddl, struct alter *alter)
{
        struct sql_cursor *cursor = &ddl->cursor;
        if (!sql_take_word(cursor, "TO"))
                return ddl_syntax(ddl);
        if (!sql_at_word(cursor, "CHARACTER") && !sql_at_word(cursor, "CHARSET"))
                return ddl_syntax(ddl);
        alter->options.convert = true;
        if (!read_option(ddl, &alter->options))
                return false;
        return !sql_at_word(cursor, "COLLATE") || read_option(ddl, &alter->options);
}

/* What changes how, not what. */
static bool skip_clause(struct ddl *ddl)
{
        static const char *const words[] = {"ALGORITHM", "LOCK"};
        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (sql_take_word(&ddl->cursor, words[i])) {
                        (void)sql_take_mark(&ddl->cursor, '=');
                        ddl->cursor.next += !sql_at_end(&ddl->cursor);
                        return true;
                }
        return sql_take_word(&ddl->cursor, "FORCE") || sql_take_words(&ddl->cursor, "DISABLE KEYS") ||
               sql_take_words(&ddl->cursor, "ENABLE KEYS");
}

static bool read_clause(struct ddl *ddl, struct alter *alter)
{
        struct sql_cursor *cursor = &ddl->cursor;
        if (sql_take_word(cursor, "ADD"))
                return read_add(ddl, alter);
        if (sql_take_word(cursor, "DROP"))
                return read_drop(ddl, alter);
        if (sql_take_word(cursor, "MODIFY"))
                return read_modify(ddl, alter, false);
        if (sql_take_word(cursor, "CHANGE"))
                return read_modify(ddl, alter, true);
        if (sql_take_word(cursor, "RENAME"))
                return read_rename(ddl, alter);
        if (sql_take_word(cursor, "ALTER"))
                return read_alter_column(ddl, alter);
        if (sql_take_word(cursor, "CONVERT"))
                return read_convert(ddl, alter);
        if (skip_clause(ddl) || read_option(ddl, &alter->options))
                return true;
        return ddl->number != 0 || ddl->doubtful ? false : ddl_syntax(ddl);
}

bool read_alter(struct ddl *ddl, struct alter *alter)
{
        bool options = false;
        while (!sql_at_end(&ddl->cursor)) {
                const struct sql_token *before = ddl->cursor.next;
                if (!read_clause(ddl, alter))
                        return false;
                options = before->type == SQL_WORD && !sql_at_end(&ddl->cursor) &&
                          !sql_at_mark(&ddl->cursor, ',');
                if (options)
                        continue; /* ENGINE=… DEFAULT CHARSET=…: without commas */
                if (!sql_at_end(&ddl->cursor) && !sql_take_mark(&ddl->cursor, ','))
                        return ddl_syntax(ddl);
        }
        return finish_options(ddl, &alter->options);
}
