/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "migrations-reader/schema/schema_private.h"
#include "migrations-reader/schema/sql_tokens.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define VERB_SIZE 16

static void add_statement(struct schema_statement **list, size_t *count, size_t offset, size_t size)
{
        *list = memory_grow(*list, *count, sizeof **list);
        (*list)[(*count)++] = (struct schema_statement){.offset = offset, .size = size};
}

/* CREATE … TRIGGER … BEGIN …: what stands between BEGIN and END is no statement by itself; where the END is
 * takes a parser of that language, so all that follows counts as one. */
struct routine {
        unsigned words;
        bool create, routine, body;
};

static void look_at_word(struct routine *routine, const struct sql_token *token)
{
        static const char *const kinds[] = {"TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"};
        if (routine->words++ == 0)
                routine->create = sql_token_is(token, "CREATE");
        for (size_t i = 0; routine->create && i < ARRAY_SIZE(kinds); i++)
                routine->routine = routine->routine || sql_token_is(token, kinds[i]);
        routine->body = routine->body || (routine->routine && sql_token_is(token, "BEGIN"));
}

/* A statement goes from its first token, or the executable comment around it, to its last. */
size_t schema_split(const char *sql, size_t size, struct schema_statement **ret)
{
        struct schema_statement *list = NULL;
        size_t count = 0;
        const char *start = NULL, *end = NULL;
        struct sql_lexer lexer;
        struct sql_token token;
        struct routine routine = {0};
        sql_lexer_init(&lexer, sql, size, NULL);
        while (sql_lexer_next(&lexer, &token)) {
                bool stops = token.type == SQL_MARK && *token.start == ';' && !lexer.in_comment;
                if (stops && !routine.body) {
                        routine = (struct routine){0};
                        if (start)
                                add_statement(&list, &count, (size_t)(start - sql), (size_t)(end - start));
                        start = NULL;
                        continue;
                }
                look_at_word(&routine, &token);
                if (!start)
                        start = lexer.in_comment ? lexer.comment : token.start;
                end = sql_lexer_comment_end(&lexer) ?: token.start + token.size;
        }
        if (start)
                add_statement(&list, &count, (size_t)(start - sql), (size_t)(end - start));
        *ret = list;
        return count;
}

void schema_statement_verb(const char *sql, size_t size, char word[16])
{
        struct sql_lexer lexer;
        struct sql_token token;
        word[0] = '\0';
        sql_lexer_init(&lexer, sql, size, NULL);
        while (sql_lexer_next(&lexer, &token)) {
                if (token.type == SQL_MARK && (*token.start == '(' || *token.start == ';'))
                        continue;
                if (token.type != SQL_WORD || token.size >= VERB_SIZE)
                        return;
                for (size_t i = 0; i < token.size; i++)
                        word[i] = (char)toupper((unsigned char)token.start[i]);
                word[token.size] = '\0';
                return;
        }
}

/* The tables of a statement */

#define DEPTH_LIMIT 64

struct tables {
        struct sql_cursor cursor;
        char **names;
        bool certain;
        bool in_list[DEPTH_LIMIT]; /* of tables: behind FROM, UPDATE, … at this depth of parentheses */
        bool in_function[DEPTH_LIMIT]; /* EXTRACT(… FROM …) */
        size_t depth;
};

static void add_name(struct tables *tables, char *name)
{
        for (size_t i = 0; tables->names[i]; i++)
                if (strcmp(tables->names[i], name) == 0) {
                        free(name);
                        return;
                }
        strings_add(&tables->names, name);
}

/* What a server tells of its own tables follows every change of the schema. */
static bool is_own_database(const char *name)
{
        return strcasecmp(name, "information_schema") == 0 || strcasecmp(name, "performance_schema") == 0 ||
               strcasecmp(name, "mysql") == 0 || strcasecmp(name, "sys") == 0;
}

/* [database .] table; nothing in front of a parenthesis (a subquery, more tables). */
static void take_table(struct tables *tables)
{
        _cleanup_free_ char *name = sql_take_name(&tables->cursor);
        if (!name)
                return;
        if (sql_take_mark(&tables->cursor, '.')) {
                if (is_own_database(name))
                        tables->certain = false;
                string_replace(&name, sql_take_name(&tables->cursor));
        }
        if (name && strcasecmp(name, "DUAL") != 0)
                add_name(tables, steal(&name));
}

static void take_words(struct tables *tables, const char *const words[], size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (sql_take_word(&tables->cursor, words[i]))
                        i = (size_t)-1;
}

static void take_options(struct tables *tables)
{
        static const char *const words[] = {"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE",
                "INTO", "IF", "NOT", "EXISTS", "ONLY", "TABLE", "LATERAL"};
        take_words(tables, words, ARRAY_SIZE(words));
}

/* A list of tables begins here; it goes on behind each comma at this depth. */
static void begin_list(struct tables *tables)
{
        tables->in_list[tables->depth] = true;
        take_options(tables);
        if (!sql_at_word(&tables->cursor, "SELECT"))
                take_table(tables);
}

static bool is_one_of(const struct sql_token *token, const char *const words[], size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (sql_token_is(token, words[i]))
                        return true;
        return false;
}

static void enter(struct tables *tables, const struct sql_token *before)
{
        static const char *const functions[] = {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID"};
        static const char *const references[] = {"FROM", "JOIN", "UPDATE", "USING"};
        if (tables->depth + 1 == DEPTH_LIMIT) {
                tables->certain = false;
                tables->cursor.next = tables->cursor.end;
                return;
        }
        bool nested = before && tables->in_list[tables->depth] &&
                      (is_one_of(before, references, ARRAY_SIZE(references)) ||
                              (before->type == SQL_MARK && strchr("(,", *before->start)));
        bool joined = nested && !sql_token_is(before, "USING");
        tables->depth++;
        tables->in_function[tables->depth] = before && is_one_of(before, functions, ARRAY_SIZE(functions));
        tables->in_list[tables->depth] = false;
        if (joined)
                begin_list(tables);
}

static void leave(struct tables *tables)
{
        tables->depth -= tables->depth > 0;
}

static bool ends_list(const struct sql_token *token)
{
        static const char *const words[] = {"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "SET", "VALUES",
                "VALUE", "UNION", "EXCEPT", "INTERSECT", "SELECT", "WINDOW", "FOR", "PROCEDURE"};
        return is_one_of(token, words, ARRAY_SIZE(words));
}

/* UPDATE of FOR UPDATE, ON DUPLICATE KEY UPDATE, ON UPDATE */
static bool is_no_statement(const struct sql_token *before)
{
        static const char *const words[] = {"FOR", "KEY", "ON"};
        return before && is_one_of(before, words, ARRAY_SIZE(words));
}

static void read_word(struct tables *tables, const struct sql_token *token, const struct sql_token *before)
{
        bool in_list = tables->in_list[tables->depth];
        if (before && before->type == SQL_MARK && strchr(".@", *before->start))
                return; /* a column that is named like a keyword */
        if (sql_token_is(token, "FROM")) {
                if (!tables->in_function[tables->depth])
                        begin_list(tables);
        } else if (sql_token_is(token, "JOIN") || sql_token_is(token, "INTO") ||
                   sql_token_is(token, "REFERENCES") || (in_list && sql_token_is(token, "STRAIGHT_JOIN"))) {
                begin_list(tables);
                tables->in_list[tables->depth] = in_list || sql_token_is(token, "JOIN");
        } else if (sql_token_is(token, "UPDATE") && !is_no_statement(before))
                begin_list(tables);
        else if (sql_token_is(token, "USING") && !sql_at_mark(&tables->cursor, '('))
                begin_list(tables);
        else if (ends_list(token))
                tables->in_list[tables->depth] = false;
}

static void read_references(struct tables *tables)
{
        const struct sql_token *before = NULL;
        while (!sql_at_end(&tables->cursor)) {
                const struct sql_token *token = tables->cursor.next++;
                if (token->type == SQL_WORD)
                        read_word(tables, token, before);
                else if (token->type == SQL_MARK && *token->start == '(')
                        enter(tables, before);
                else if (token->type == SQL_MARK && *token->start == ')')
                        leave(tables);
                else if (token->type == SQL_MARK && *token->start == ',' && tables->in_list[tables->depth])
                        begin_list(tables);
                before = token;
        }
}

/* Of the forms VERB … TABLE a, b and RENAME TABLE a TO b: every name outside of parentheses up to what is no
 * list. */
static void read_names(struct tables *tables)
{
        do {
                take_options(tables);
                take_table(tables);
                if (sql_take_word(&tables->cursor, "TO"))
                        take_table(tables);
        } while (sql_take_mark(&tables->cursor, ','));
}

static void read_alter(struct tables *tables)
{
        take_options(tables);
        take_table(tables);
        while (!sql_at_end(&tables->cursor)) {
                if (sql_take_word(&tables->cursor, "REFERENCES"))
                        take_table(tables);
                else if (sql_take_words(&tables->cursor, "RENAME TO") ||
                         sql_take_words(&tables->cursor, "RENAME AS"))
                        take_table(tables);
                else
                        tables->cursor.next++;
        }
}

/* Up to the word, outside of parentheses or not. */
static bool skip_to(struct tables *tables, const char *word)
{
        while (!sql_at_end(&tables->cursor) && !sql_at_word(&tables->cursor, word))
                tables->cursor.next++;
        return sql_take_word(&tables->cursor, word);
}

static void read_create(struct tables *tables)
{
        static const char *const words[] = {
                "OR", "REPLACE", "TEMPORARY", "UNIQUE", "FULLTEXT", "SPATIAL", "ONLINE", "OFFLINE"};
        take_words(tables, words, ARRAY_SIZE(words));
        if (sql_take_word(&tables->cursor, "INDEX")) {
                if (skip_to(tables, "ON"))
                        take_table(tables);
                return;
        }
        if (sql_take_word(&tables->cursor, "TABLE")) {
                take_options(tables);
                take_table(tables);
                struct sql_cursor inside = tables->cursor;
                (void)sql_take_mark(&inside, '(');
                if (sql_take_word(&inside, "LIKE")) {
                        tables->cursor = inside;
                        take_table(tables);
                }
        } else if (skip_to(tables, "VIEW")) {
                take_options(tables);
                take_table(tables);
        } else {
                tables->certain = false;
                return;
        }
        read_references(tables);
}

static void read_drop(struct tables *tables)
{
        static const char *const words[] = {"TEMPORARY", "ONLINE", "OFFLINE"};
        take_words(tables, words, ARRAY_SIZE(words));
        if (sql_take_word(&tables->cursor, "TABLE") || sql_take_word(&tables->cursor, "TABLES") ||
                sql_take_word(&tables->cursor, "VIEW"))
                read_names(tables);
        else if (sql_take_word(&tables->cursor, "INDEX") && skip_to(tables, "ON"))
                take_table(tables);
        else
                tables->certain = false;
}

static void read_table_word(struct tables *tables)
{
        if (sql_take_word(&tables->cursor, "TABLE") || sql_take_word(&tables->cursor, "TABLES"))
                read_names(tables);
        else
                tables->certain = false;
}

static void read_alter_table(struct tables *tables)
{
        static const char *const words[] = {"ONLINE", "OFFLINE", "IGNORE"};
        take_words(tables, words, ARRAY_SIZE(words));
        if (sql_take_word(&tables->cursor, "TABLE"))
                read_alter(tables);
        else
                tables->certain = false;
}

static void read_truncate(struct tables *tables)
{
        (void)sql_take_word(&tables->cursor, "TABLE");
        take_table(tables);
}

static void read_insert(struct tables *tables)
{
        take_options(tables);
        take_table(tables);
        read_references(tables);
}

static void read_update(struct tables *tables)
{
        begin_list(tables);
        read_references(tables);
}

/* EXPLAIN SELECT …, DESCRIBE table */
static void read_explain(struct tables *tables)
{
        static const char *const words[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "EXTENDED",
                "FORMAT", "ANALYZE", "PARTITIONS", "WITH"};
        if (sql_at_end(&tables->cursor) || is_one_of(tables->cursor.next, words, ARRAY_SIZE(words)))
                read_references(tables);
        else
                take_table(tables);
}

static void read_show(struct tables *tables)
{
        static const char *const of_table[] = {
                "COLUMNS", "FIELDS", "INDEX", "INDEXES", "KEYS", "FULL", "EXTENDED"};
        if (sql_take_words(&tables->cursor, "CREATE TABLE") ||
                sql_take_words(&tables->cursor, "CREATE VIEW")) {
                take_table(tables);
                return;
        }
        bool found = false;
        while (!sql_at_end(&tables->cursor) &&
                is_one_of(tables->cursor.next, of_table, ARRAY_SIZE(of_table))) {
                found = found || !sql_at_word(&tables->cursor, "FULL");
                tables->cursor.next++;
        }
        if (found && (sql_take_word(&tables->cursor, "FROM") || sql_take_word(&tables->cursor, "IN")))
                take_table(tables);
        else
                tables->certain = false; /* SHOW TABLES and the like */
}

static void read_nothing(struct tables *tables)
{
        (void)tables;
}

static const struct verb {
        const char *word;
        void (*read)(struct tables *tables);
} verbs[] = {
        {"ALTER", read_alter_table},
        {"ANALYZE", read_table_word},
        {"BEGIN", read_nothing},
        {"CHECK", read_table_word},
        {"COMMIT", read_nothing},
        {"CREATE", read_create},
        {"DELETE", read_references},
        {"DESC", read_explain},
        {"DESCRIBE", read_explain},
        {"DROP", read_drop},
        {"EXPLAIN", read_explain},
        {"INSERT", read_insert},
        {"LOCK", read_table_word},
        {"OPTIMIZE", read_table_word},
        {"RENAME", read_table_word},
        {"REPLACE", read_insert},
        {"ROLLBACK", read_nothing},
        {"SELECT", read_references},
        {"SET", read_references},
        {"SHOW", read_show},
        {"START", read_nothing},
        {"TRUNCATE", read_truncate},
        {"UNLOCK", read_nothing},
        {"UPDATE", read_update},
        {"WITH", read_references},
};

static void read_statement(struct tables *tables)
{
        while (sql_take_mark(&tables->cursor, '('))
                ;
        if (sql_at_end(&tables->cursor))
                return;
        const struct sql_token *first = tables->cursor.next++;
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                if (sql_token_is(first, verbs[i].word)) {
                        verbs[i].read(tables);
                        return;
                }
        tables->certain = false;
}

char **schema_statement_tables(const char *sql, size_t size, bool *ret_certain)
{
        struct tables tables = {.names = memory_new_array(1, sizeof(char *)), .certain = true};
        struct schema_statement *statements = NULL;
        size_t count = schema_split(sql, size, &statements);
        for (size_t i = 0; i < count; i++) {
                _cleanup_sql_tokens_ struct sql_tokens tokens = {0};
                if (!sql_tokens_read(&tokens, sql + statements[i].offset, statements[i].size, NULL) ||
                        (tokens.count > 0 && tokens.items[tokens.count - 1].type == SQL_BROKEN))
                        tables.certain = false;
                tables.depth = 0;
                tables.in_list[0] = false;
                tables.cursor = (struct sql_cursor){.next = tokens.items, .end = tokens.items + tokens.count};
                read_statement(&tables);
        }
        free(statements);
        *ret_certain = tables.certain;
        return tables.names;
}
