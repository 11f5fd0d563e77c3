/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/key_changes.h"

#include "lib/memory.h"
#include "migrations-reader/schema/sql_tokens.h"

#include <string.h>

#define CHANGE_LIMIT 10000

const char *key_kind_name(enum key_kind kind)
{
        switch (kind) {
        case KEY_FOREIGN:
                return "foreign key";
        case KEY_INDEX:
                return "index";
        case KEY_PRIMARY:
                return "primary key";
        case KEY_CONSTRAINT:
                return "constraint";
        }
        return NULL;
}

void key_changes_deinit(struct key_changes *changes)
{
        for (size_t i = 0; i < changes->count; i++) {
                free(changes->items[i].table);
                free(changes->items[i].key);
        }
        free(changes->items);
        *changes = (struct key_changes){0};
}

/* Takes a name; NULL when there is none, or one that is not known. */
static char *take_name(struct sql_cursor *piece)
{
        const struct sql_token *token = piece->next;
        if (token == piece->end || (token->type != SQL_WORD && token->type != SQL_NAME))
                return NULL;
        piece->next++;
        size_t size = 0;
        _cleanup_free_ char *name = sql_token_text(token, &size);
        bool known = size > 0 && !memchr(name, SQL_UNKNOWN, size) && strlen(name) == size;
        return known ? steal(&name) : NULL;
}

/* The name of a table of this database. */
static char *take_table(struct sql_cursor *piece)
{
        _cleanup_free_ char *name = take_name(piece);
        if (!sql_at_mark(piece, '.'))
                return steal(&name);
        piece->next++;
        _cleanup_free_ _unused char *table = take_name(piece);
        return NULL;
}

/* Changes */

struct reader {
        const char *text;
        size_t statement;
        struct key_changes *changes;
};

static void add_change(struct reader *reader, struct key_change change, const struct sql_token *at)
{
        struct key_changes *changes = reader->changes;
        if (!change.table || changes->count == CHANGE_LIMIT) {
                free(change.table);
                free(change.key);
                return;
        }
        if ((changes->count & (changes->count - 1)) == 0)
                changes->items = memory_resize(
                        changes->items, changes->count ? changes->count * 2 : 1, sizeof(*changes->items));
        change.statement = reader->statement;
        change.offset = (size_t)(at->start - reader->text);
        changes->items[changes->count++] = change;
}

/* key is owned from now on; NULL: any. */
static void add_added(struct reader *reader, const char *table, char *key, const struct sql_token *at)
{
        add_change(reader, (struct key_change){.added = true, .table = string_copy(table), .key = key}, at);
}

static void add_dropped(
        struct reader *reader, enum key_kind kind, const char *table, char *key, const struct sql_token *at)
{
        if (key)
                add_change(reader, (struct key_change){.kind = kind, .table = string_copy(table), .key = key},
                        at);
}

static bool take_key_word(struct sql_cursor *piece)
{
        return sql_take_word(piece, "INDEX") || sql_take_word(piece, "KEY");
}

/* Behind the word DROP of ALTER TABLE. */
static void read_drop_clause(
        struct reader *reader, const char *table, struct sql_cursor clause, const struct sql_token *at)
{
        enum key_kind kind;
        if (sql_take_word(&clause, "PRIMARY")) {
                if (sql_take_word(&clause, "KEY") && clause.next == clause.end)
                        add_dropped(reader, KEY_PRIMARY, table, string_copy("PRIMARY"), at);
                return;
        }
        if (sql_take_word(&clause, "FOREIGN")) {
                if (!sql_take_word(&clause, "KEY"))
                        return;
                kind = KEY_FOREIGN;
        } else if (take_key_word(&clause))
                kind = KEY_INDEX;
        else if (sql_take_word(&clause, "CONSTRAINT"))
                kind = KEY_CONSTRAINT;
        else
                return; /* a column, a partition */
        if (sql_at_word(&clause, "IF"))
                return;
        _cleanup_free_ char *key = take_name(&clause);
        if (clause.next == clause.end)
                add_dropped(reader, kind, table, steal(&key), at);
}

static bool mentions_keys(struct sql_cursor clause)
{
        for (; clause.next < clause.end; clause.next++) {
                static const char *const words[] = {"KEY", "INDEX", "UNIQUE", "PRIMARY", "REFERENCES"};
                for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                        if (sql_at_word(&clause, words[i]))
                                return true;
                if (memchr(clause.next->start, SQL_UNKNOWN, clause.next->size))
                        return true;
        }
        return false;
}

/* Behind the word ADD, or an entry in the parentheses of CREATE TABLE. */
static void read_add_clause(
        struct reader *reader, const char *table, struct sql_cursor clause, const struct sql_token *at)
{
        struct sql_cursor whole = clause;
        if (sql_take_word(&clause, "PRIMARY")) {
                add_added(reader, table, string_copy("PRIMARY"), at);
                return;
        }
        bool named = sql_take_word(&clause, "UNIQUE") || sql_take_word(&clause, "FULLTEXT") ||
                     sql_take_word(&clause, "SPATIAL");
        if (take_key_word(&clause) || sql_take_word(&clause, "CONSTRAINT") || named)
                add_added(reader, table, take_name(&clause), at);
        else if (mentions_keys(whole))
                add_added(reader, table, NULL, at);
}

static void read_rename_clause(
        struct reader *reader, const char *table, struct sql_cursor clause, const struct sql_token *at)
{
        if (sql_take_word(&clause, "COLUMN"))
                return;
        if (take_key_word(&clause)) {
                _cleanup_free_ _unused char *old = take_name(&clause);
                (void)sql_take_word(&clause, "TO");
                add_added(reader, table, take_name(&clause), at);
                return;
        }
        if (!sql_take_word(&clause, "TO"))
                (void)sql_take_word(&clause, "AS");
        _cleanup_free_ char *other = take_table(&clause);
        add_added(reader, table, NULL, at);
        add_added(reader, other, NULL, at);
}

static void read_clause(struct reader *reader, const char *table, struct sql_cursor clause)
{
        const struct sql_token *at = clause.next;
        if (sql_take_word(&clause, "DROP"))
                read_drop_clause(reader, table, clause, at);
        else if (sql_take_word(&clause, "ADD"))
                read_add_clause(reader, table, clause, at);
        else if (sql_take_word(&clause, "RENAME"))
                read_rename_clause(reader, table, clause, at);
        else if (at < clause.end && mentions_keys(clause))
                add_added(reader, table, NULL, at);
}

/* Calls read_clause for what stands between commas outside of parentheses. */
static void read_clauses(struct reader *reader, const char *table, struct sql_cursor statement)
{
        while (statement.next < statement.end) {
                struct sql_cursor clause = {.next = statement.next, .end = statement.end};
                size_t depth = 0;
                for (; statement.next < statement.end; statement.next++) {
                        if (sql_at_mark(&statement, '('))
                                depth++;
                        else if (sql_at_mark(&statement, ')'))
                                depth -= depth > 0;
                        else if (sql_at_mark(&statement, ',') && depth == 0)
                                break;
                }
                clause.end = statement.next;
                read_clause(reader, table, clause);
                statement.next += statement.next < statement.end;
        }
}

static void read_alter(struct reader *reader, struct sql_cursor statement)
{
        while (sql_take_word(&statement, "ONLINE") || sql_take_word(&statement, "IGNORE"))
                ;
        if (!sql_take_word(&statement, "TABLE") || sql_at_word(&statement, "IF"))
                return;
        _cleanup_free_ char *table = take_table(&statement);
        if (table)
                read_clauses(reader, table, statement);
}

static void read_drop(struct reader *reader, struct sql_cursor statement, const struct sql_token *at)
{
        (void)sql_take_word(&statement, "TEMPORARY");
        if (sql_take_word(&statement, "TABLE")) {
                if (sql_take_word(&statement, "IF"))
                        (void)sql_take_word(&statement, "EXISTS");
                do {
                        _cleanup_free_ char *table = take_table(&statement);
                        add_added(reader, table, NULL, at);
                } while (sql_at_mark(&statement, ',') && statement.next++ < statement.end);
                return;
        }
        if (!sql_take_word(&statement, "INDEX") || sql_at_word(&statement, "IF"))
                return;
        _cleanup_free_ char *key = take_name(&statement);
        if (!sql_take_word(&statement, "ON"))
                return;
        _cleanup_free_ char *table = take_table(&statement);
        add_dropped(reader, KEY_INDEX, table, steal(&key), at);
}

static void skip_if_not_exists(struct sql_cursor *statement)
{
        if (sql_take_word(statement, "IF") && sql_take_word(statement, "NOT"))
                (void)sql_take_word(statement, "EXISTS");
}

static void read_create(struct reader *reader, struct sql_cursor statement, const struct sql_token *at)
{
        while (sql_take_word(&statement, "OR") || sql_take_word(&statement, "REPLACE") ||
                sql_take_word(&statement, "TEMPORARY") || sql_take_word(&statement, "UNIQUE") ||
                sql_take_word(&statement, "FULLTEXT") || sql_take_word(&statement, "SPATIAL"))
                ;
        if (sql_take_word(&statement, "TABLE")) {
                skip_if_not_exists(&statement);
                _cleanup_free_ char *table = take_table(&statement);
                add_added(reader, table, NULL, at);
        } else if (sql_take_word(&statement, "INDEX")) {
                skip_if_not_exists(&statement);
                _cleanup_free_ char *key = take_name(&statement);
                while (statement.next < statement.end && !sql_take_word(&statement, "ON"))
                        statement.next++;
                _cleanup_free_ char *table = take_table(&statement);
                add_added(reader, table, steal(&key), at);
        }
}

/* RENAME TABLE a TO b, c TO d */
static void read_rename(struct reader *reader, struct sql_cursor statement, const struct sql_token *at)
{
        if (!sql_take_word(&statement, "TABLE"))
                return;
        while (statement.next < statement.end) {
                _cleanup_free_ char *table = take_table(&statement);
                add_added(reader, table, NULL, at);
                if (statement.next < statement.end && !sql_take_word(&statement, "TO"))
                        statement.next++;
        }
}

static void read_statement(struct reader *reader, struct sql_cursor statement)
{
        const struct sql_token *at = statement.next;
        if (sql_take_word(&statement, "ALTER"))
                read_alter(reader, statement);
        else if (sql_take_word(&statement, "DROP"))
                read_drop(reader, statement, at);
        else if (sql_take_word(&statement, "CREATE"))
                read_create(reader, statement, at);
        else if (sql_take_word(&statement, "RENAME"))
                read_rename(reader, statement, at);
}

void key_changes_read(const char *text, size_t size, struct key_changes *ret)
{
        _cleanup_sql_tokens_ struct sql_tokens tokens = {0};
        struct key_changes changes = {0};
        struct reader reader = {.text = text, .changes = &changes};
        (void)sql_tokens_read(&tokens, text, size, NULL);
        for (size_t i = 0; i < tokens.count; i++) {
                struct sql_cursor statement = {.next = tokens.items + i, .end = tokens.items + i};
                while (i < tokens.count &&
                        !(tokens.items[i].type == SQL_MARK && *tokens.items[i].start == ';'))
                        i++;
                statement.end = tokens.items + i;
                read_statement(&reader, statement);
                reader.statement++;
        }
        *ret = changes;
}
