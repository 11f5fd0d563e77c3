/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/key_changes.h"

#include "lib/memory.h"

#include <ctype.h>
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

/* Tokens */

enum token_type {
        TOKEN_WORD, /* a keyword or a bare name */
        TOKEN_QUOTED, /* a name in backticks: never a keyword */
        TOKEN_TEXT, /* '…' or "…" */
        TOKEN_MARK, /* one other byte */
};

struct token {
        enum token_type type;
        const char *start;
        size_t size;
};

struct tokens {
        const char *text;
        struct token *items;
        size_t count, capacity;
};

static void tokens_deinit(struct tokens *tokens)
{
        free(tokens->items);
}

static void add_token(struct tokens *tokens, enum token_type type, const char *start, const char *end)
{
        if (tokens->count == tokens->capacity) {
                tokens->capacity = tokens->capacity ? tokens->capacity * 2 : 64;
                tokens->items = memory_resize(tokens->items, tokens->capacity, sizeof(*tokens->items));
        }
        tokens->items[tokens->count++] =
                (struct token){.type = type, .start = start, .size = (size_t)(end - start)};
}

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '$' || c == SQL_UNKNOWN ||
               (unsigned char)c >= 0x80;
}

/* Behind the closing quote, or the text's end. A backslash escapes, but not in backticks. */
static const char *skip_quoted(const char *c, const char *stop)
{
        char quote = *c++;
        for (; c < stop; c++) {
                if (*c == '\\' && quote != '`')
                        c++;
                else if (*c == quote && c + 1 < stop && c[1] == quote)
                        c++;
                else if (*c == quote)
                        return c + 1;
        }
        return stop;
}

static const char *skip_line(const char *c, const char *stop)
{
        const char *end = memchr(c, '\n', (size_t)(stop - c));
        return end ? end : stop;
}

/* Behind a comment; NULL when there is none. What the server runs all the same (slash, star, !) is code. */
static const char *skip_comment(const char *c, const char *stop)
{
        size_t left = (size_t)(stop - c);
        if (*c == '#')
                return skip_line(c, stop);
        if (left >= 2 && memcmp(c, "--", 2) == 0 && (left == 2 || isspace((unsigned char)c[2])))
                return skip_line(c, stop);
        if (left < 2 || memcmp(c, "/*", 2) != 0 || (left > 2 && (c[2] == '!' || c[2] == 'M')))
                return NULL;
        const char *end = memmem(c + 2, left - 2, "*/", 2);
        return end ? end + 2 : stop;
}

static void read_tokens(const char *text, size_t size, struct tokens *ret)
{
        const char *stop = text + size, *c = text;
        *ret = (struct tokens){.text = text};
        while (c < stop) {
                const char *behind = skip_comment(c, stop);
                if (behind) {
                        c = behind;
                        continue;
                }
                const char *start = c++;
                if (isspace((unsigned char)*start))
                        continue;
                if (*start == '`' || *start == '\'' || *start == '"') {
                        c = skip_quoted(start, stop);
                        add_token(ret, *start == '`' ? TOKEN_QUOTED : TOKEN_TEXT, start, c);
                        continue;
                }
                while (is_word(*start) && c < stop && is_word(*c))
                        c++;
                add_token(ret, is_word(*start) ? TOKEN_WORD : TOKEN_MARK, start, c);
        }
}

/* A piece of the tokens: a statement or one of its clauses. */
struct piece {
        const struct token *next, *end;
};

static bool at_word(const struct piece *piece, const char *word)
{
        const struct token *token = piece->next;
        return token < piece->end && token->type == TOKEN_WORD && token->size == strlen(word) &&
               strncasecmp(token->start, word, token->size) == 0;
}

static bool take_word(struct piece *piece, const char *word)
{
        bool there = at_word(piece, word);
        piece->next += there;
        return there;
}

static bool at_mark(const struct piece *piece, char mark)
{
        return piece->next < piece->end && piece->next->type == TOKEN_MARK && *piece->next->start == mark;
}

static char *unquoted(const struct token *token)
{
        struct buffer name = {0};
        for (size_t i = 1; i + 1 < token->size; i++) {
                buffer_append(&name, token->start + i, 1);
                if (token->start[i] == '`')
                        i++;
        }
        return buffer_steal(&name);
}

/* Takes a name; NULL when there is none, or one that is not known. */
static char *take_name(struct piece *piece)
{
        const struct token *token = piece->next;
        if (token == piece->end || (token->type != TOKEN_WORD && token->type != TOKEN_QUOTED))
                return NULL;
        piece->next++;
        if (memchr(token->start, SQL_UNKNOWN, token->size) || memchr(token->start, '\0', token->size))
                return NULL;
        if (token->type == TOKEN_WORD)
                return memory_copy(token->start, token->size);
        bool closed = token->size > 2 && token->start[token->size - 1] == '`';
        return closed ? unquoted(token) : NULL;
}

/* The name of a table of this database. */
static char *take_table(struct piece *piece)
{
        _cleanup_free_ char *name = take_name(piece);
        if (!at_mark(piece, '.'))
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

static void add_change(struct reader *reader, struct key_change change, const struct token *at)
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
static void add_added(struct reader *reader, const char *table, char *key, const struct token *at)
{
        add_change(reader, (struct key_change){.added = true, .table = string_copy(table), .key = key}, at);
}

static void add_dropped(
        struct reader *reader, enum key_kind kind, const char *table, char *key, const struct token *at)
{
        if (key)
                add_change(reader, (struct key_change){.kind = kind, .table = string_copy(table), .key = key},
                        at);
}

static bool take_key_word(struct piece *piece)
{
        return take_word(piece, "INDEX") || take_word(piece, "KEY");
}

/* Behind the word DROP of ALTER TABLE. */
static void read_drop_clause(
        struct reader *reader, const char *table, struct piece clause, const struct token *at)
{
        enum key_kind kind;
        if (take_word(&clause, "PRIMARY")) {
                if (take_word(&clause, "KEY") && clause.next == clause.end)
                        add_dropped(reader, KEY_PRIMARY, table, string_copy("PRIMARY"), at);
                return;
        }
        if (take_word(&clause, "FOREIGN")) {
                if (!take_word(&clause, "KEY"))
                        return;
                kind = KEY_FOREIGN;
        } else if (take_key_word(&clause))
                kind = KEY_INDEX;
        else if (take_word(&clause, "CONSTRAINT"))
                kind = KEY_CONSTRAINT;
        else
                return; /* a column, a partition */
        if (at_word(&clause, "IF"))
                return;
        _cleanup_free_ char *key = take_name(&clause);
        if (clause.next == clause.end)
                add_dropped(reader, kind, table, steal(&key), at);
}

static bool mentions_keys(struct piece clause)
{
        for (; clause.next < clause.end; clause.next++) {
                static const char *const words[] = {"KEY", "INDEX", "UNIQUE", "PRIMARY", "REFERENCES"};
                for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                        if (at_word(&clause, words[i]))
                                return true;
                if (memchr(clause.next->start, SQL_UNKNOWN, clause.next->size))
                        return true;
        }
        return false;
}

/* Behind the word ADD, or an entry in the parentheses of CREATE TABLE. */
static void read_add_clause(
        struct reader *reader, const char *table, struct piece clause, const struct token *at)
{
        struct piece whole = clause;
        if (take_word(&clause, "PRIMARY")) {
                add_added(reader, table, string_copy("PRIMARY"), at);
                return;
        }
        bool named = take_word(&clause, "UNIQUE") || take_word(&clause, "FULLTEXT") ||
                     take_word(&clause, "SPATIAL");
        if (take_key_word(&clause) || take_word(&clause, "CONSTRAINT") || named)
                add_added(reader, table, take_name(&clause), at);
        else if (mentions_keys(whole))
                add_added(reader, table, NULL, at);
}

static void read_rename_clause(
        struct reader *reader, const char *table, struct piece clause, const struct token *at)
{
        if (take_word(&clause, "COLUMN"))
                return;
        if (take_key_word(&clause)) {
                _cleanup_free_ _unused char *old = take_name(&clause);
                (void)take_word(&clause, "TO");
                add_added(reader, table, take_name(&clause), at);
                return;
        }
        if (!take_word(&clause, "TO"))
                (void)take_word(&clause, "AS");
        _cleanup_free_ char *other = take_table(&clause);
        add_added(reader, table, NULL, at);
        add_added(reader, other, NULL, at);
}

static void read_clause(struct reader *reader, const char *table, struct piece clause)
{
        const struct token *at = clause.next;
        if (take_word(&clause, "DROP"))
                read_drop_clause(reader, table, clause, at);
        else if (take_word(&clause, "ADD"))
                read_add_clause(reader, table, clause, at);
        else if (take_word(&clause, "RENAME"))
                read_rename_clause(reader, table, clause, at);
        else if (at < clause.end && mentions_keys(clause))
                add_added(reader, table, NULL, at);
}

/* Calls read_clause for what stands between commas outside of parentheses. */
static void read_clauses(struct reader *reader, const char *table, struct piece statement)
{
        while (statement.next < statement.end) {
                struct piece clause = {.next = statement.next, .end = statement.end};
                size_t depth = 0;
                for (; statement.next < statement.end; statement.next++) {
                        if (at_mark(&statement, '('))
                                depth++;
                        else if (at_mark(&statement, ')'))
                                depth -= depth > 0;
                        else if (at_mark(&statement, ',') && depth == 0)
                                break;
                }
                clause.end = statement.next;
                read_clause(reader, table, clause);
                statement.next += statement.next < statement.end;
        }
}

static void read_alter(struct reader *reader, struct piece statement)
{
        while (take_word(&statement, "ONLINE") || take_word(&statement, "IGNORE"))
                ;
        if (!take_word(&statement, "TABLE") || at_word(&statement, "IF"))
                return;
        _cleanup_free_ char *table = take_table(&statement);
        if (table)
                read_clauses(reader, table, statement);
}

static void read_drop(struct reader *reader, struct piece statement, const struct token *at)
{
        (void)take_word(&statement, "TEMPORARY");
        if (take_word(&statement, "TABLE")) {
                if (take_word(&statement, "IF"))
                        (void)take_word(&statement, "EXISTS");
                do {
                        _cleanup_free_ char *table = take_table(&statement);
                        add_added(reader, table, NULL, at);
                } while (at_mark(&statement, ',') && statement.next++ < statement.end);
                return;
        }
        if (!take_word(&statement, "INDEX") || at_word(&statement, "IF"))
                return;
        _cleanup_free_ char *key = take_name(&statement);
        if (!take_word(&statement, "ON"))
                return;
        _cleanup_free_ char *table = take_table(&statement);
        add_dropped(reader, KEY_INDEX, table, steal(&key), at);
}

static void skip_if_not_exists(struct piece *statement)
{
        if (take_word(statement, "IF") && take_word(statement, "NOT"))
                (void)take_word(statement, "EXISTS");
}

static void read_create(struct reader *reader, struct piece statement, const struct token *at)
{
        while (take_word(&statement, "OR") || take_word(&statement, "REPLACE") ||
                take_word(&statement, "TEMPORARY") || take_word(&statement, "UNIQUE") ||
                take_word(&statement, "FULLTEXT") || take_word(&statement, "SPATIAL"))
                ;
        if (take_word(&statement, "TABLE")) {
                skip_if_not_exists(&statement);
                _cleanup_free_ char *table = take_table(&statement);
                add_added(reader, table, NULL, at);
        } else if (take_word(&statement, "INDEX")) {
                skip_if_not_exists(&statement);
                _cleanup_free_ char *key = take_name(&statement);
                while (statement.next < statement.end && !take_word(&statement, "ON"))
                        statement.next++;
                _cleanup_free_ char *table = take_table(&statement);
                add_added(reader, table, steal(&key), at);
        }
}

/* RENAME TABLE a TO b, c TO d */
static void read_rename(struct reader *reader, struct piece statement, const struct token *at)
{
        if (!take_word(&statement, "TABLE"))
                return;
        while (statement.next < statement.end) {
                _cleanup_free_ char *table = take_table(&statement);
                add_added(reader, table, NULL, at);
                if (statement.next < statement.end && !take_word(&statement, "TO"))
                        statement.next++;
        }
}

static void read_statement(struct reader *reader, struct piece statement)
{
        const struct token *at = statement.next;
        if (take_word(&statement, "ALTER"))
                read_alter(reader, statement);
        else if (take_word(&statement, "DROP"))
                read_drop(reader, statement, at);
        else if (take_word(&statement, "CREATE"))
                read_create(reader, statement, at);
        else if (take_word(&statement, "RENAME"))
                read_rename(reader, statement, at);
}

void key_changes_read(const char *text, size_t size, struct key_changes *ret)
{
        _cleanup_(tokens_deinit) struct tokens tokens = {0};
        struct key_changes changes = {0};
        struct reader reader = {.text = text, .changes = &changes};
        read_tokens(text, size, &tokens);
        for (size_t i = 0; i < tokens.count; i++) {
                struct piece statement = {.next = tokens.items + i, .end = tokens.items + i};
                while (i < tokens.count &&
                        !(tokens.items[i].type == TOKEN_MARK && *tokens.items[i].start == ';'))
                        i++;
                statement.end = tokens.items + i;
                read_statement(&reader, statement);
                reader.statement++;
        }
        *ret = changes;
}
