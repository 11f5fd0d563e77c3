/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "migrations-reader/schema/charsets.h"
#include "migrations-reader/schema/ddl.h"

#include <string.h>
#include <strings.h>

#define HEADER_SIZE 4096

struct dump {
        struct sql_lexer lexer;
        struct schema *schema;
        const char *rows_of;
        char **values;
        size_t value_count;
        const char *text;
        struct error *err;
};

static unsigned line_of(const struct dump *dump, const char *at)
{
        unsigned line = 1;
        for (const char *c = dump->text; c < at; c++)
                line += *c == '\n';
        return line;
}

/* The header: "-- Host: localhost    Database: name", "-- Server version	10.11.6-MariaDB" */

static char *header_word(const char *text, size_t size, const char *label)
{
        const char *found = memmem(text, size, label, strlen(label));
        if (!found)
                return NULL;
        const char *end = text + size, *start = found + strlen(label);
        while (start < end && (*start == ' ' || *start == '\t'))
                start++;
        const char *stop = start;
        while (stop < end && *stop != '\n' && *stop != '\r')
                stop++;
        return memory_copy(start, (size_t)(stop - start));
}

static void read_header(struct dump *dump, const char *text, size_t size)
{
        size = size > HEADER_SIZE ? HEADER_SIZE : size;
        struct database_server *server = &dump->schema->server;
        *server = (struct database_server){
                .mariadb = true, .major = 10, .minor = 11, .text = "10.11.0-MariaDB"};
        _cleanup_free_ char *version = header_word(text, size, "-- Server version");
        struct database_server told = {0};
        if (version && sscanf(version, "%u.%u.%u", &told.major, &told.minor, &told.patch) >= 2) {
                told.mariadb = strcasestr(version, "mariadb") != NULL;
                (void)snprintf(told.text, sizeof told.text, "%s", version);
                *server = told;
        }
        _cleanup_free_ char *database = header_word(text, size, "    Database: ");
        dump->schema->database = database ? steal(&database) : string_copy("");
}

/* Statements */

static bool at_end_of_statement(const struct dump *dump, const struct sql_token *token)
{
        return token->type == SQL_MARK && *token->start == ';' && !dump->lexer.in_comment;
}

static int fail(struct dump *dump, const char *at, const char *message)
{
        return error_set(
                dump->err, REASON_INVALID_ARGUMENT, "line %u of the dump: %s", line_of(dump, at), message);
}

static int skip_statement(struct dump *dump)
{
        struct sql_token token;
        while (sql_lexer_next(&dump->lexer, &token)) {
                if (at_end_of_statement(dump, &token))
                        return 0;
                if (token.type == SQL_BROKEN)
                        return fail(dump, token.start, "quotes or a comment have no end");
        }
        return 0;
}

/* A client's command: up to its end nothing is a statement by itself. */
static void skip_delimited(struct dump *dump)
{
        static const char word[] = "\nDELIMITER ;";
        const char *next = dump->lexer.next, *end = dump->lexer.end;
        for (const char *line = next; (line = memmem(line, (size_t)(end - line), word, sizeof word - 1));
                line++) {
                const char *behind = line + sizeof word - 1;
                if (behind < end && *behind == ';')
                        continue;
                dump->lexer.next = behind;
                return;
        }
        dump->lexer.next = end;
}

static int collect(struct dump *dump, const struct sql_token *first, struct sql_tokens *tokens)
{
        struct sql_token token = *first;
        do {
                if (at_end_of_statement(dump, &token))
                        return 0;
                if (token.type == SQL_BROKEN)
                        return fail(dump, token.start, "quotes or a comment have no end");
                if (tokens->count == SQL_TOKEN_LIMIT)
                        return fail(dump, first->start, "the statement is too long");
                tokens->items = memory_grow(tokens->items, tokens->count, sizeof *tokens->items);
                tokens->items[tokens->count++] = token;
        } while (sql_lexer_next(&dump->lexer, &token));
        return 0;
}

static void read_database(struct dump *dump, const struct sql_tokens *tokens)
{
        struct sql_cursor cursor = {.next = tokens->items, .end = tokens->items + tokens->count};
        _cleanup_(table_options_deinit) struct table_options options = {0};
        struct ddl ddl = {.schema = dump->schema};
        for (; !sql_at_end(&cursor); cursor.next++) {
                ddl.cursor = cursor;
                (void)read_option(&ddl, &options);
        }
        if (finish_options(&ddl, &options) && options.charset) {
                string_replace(&dump->schema->charset, steal(&options.charset));
                string_replace(&dump->schema->collation, steal(&options.collation));
        }
        free(ddl.message);
}

/* The table of CREATE TABLE and ALTER TABLE; NULL for other statements. */
static char *table_of(struct dump *dump, const struct sql_tokens *tokens, bool *ret_create)
{
        struct ddl ddl = {.schema = dump->schema,
                .cursor = {.next = tokens->items, .end = tokens->items + tokens->count}};
        char *name = NULL;
        *ret_create = sql_take_words(&ddl.cursor, "CREATE TABLE");
        if (*ret_create || sql_take_words(&ddl.cursor, "ALTER TABLE")) {
                (void)ddl_take_if_not_exists(&ddl);
                name = ddl_take_table(&ddl);
        }
        free(ddl.message);
        return name;
}

/* Nothing of it but its name can be relied on. */
static void mark_unknown(struct dump *dump, const struct sql_tokens *tokens)
{
        bool create = false;
        _cleanup_free_ char *name = table_of(dump, tokens, &create);
        struct schema_table *table = name ? schema_take_table(dump->schema, name) : NULL;
        if (name && !table && create) {
                table = memory_new(sizeof *table);
                table->name = steal(&name);
                table->comment = string_copy("");
        }
        if (table) {
                table->uncertain = true;
                schema_add_table(dump->schema, table);
        }
}

static bool is_unknown(struct dump *dump, const struct sql_tokens *tokens)
{
        bool create = false;
        _cleanup_free_ char *name = table_of(dump, tokens, &create);
        const struct schema_table *table = name && !create ? schema_find_table(dump->schema, name) : NULL;
        return table && table->uncertain;
}

static bool is_database(const struct sql_tokens *tokens)
{
        return tokens->count > 1 && sql_token_is(&tokens->items[0], "CREATE") &&
               (sql_token_is(&tokens->items[1], "DATABASE") || sql_token_is(&tokens->items[1], "SCHEMA"));
}

static int apply(struct dump *dump, const struct sql_token *first)
{
        _cleanup_sql_tokens_ struct sql_tokens tokens = {0};
        unsigned number = 0;
        _cleanup_free_ char *message = NULL;
        if (collect(dump, first, &tokens) < 0)
                return -1;
        if (is_database(&tokens)) {
                read_database(dump, &tokens);
                return 0;
        }
        struct sql_cursor cursor = {.next = tokens.items, .end = tokens.items + tokens.count};
        switch (apply_statement(dump->schema, &cursor, true, &number, &message)) {
        case SCHEMA_SAME:
        case SCHEMA_CHANGED:
                return 0;
        case SCHEMA_UNCERTAIN:
                mark_unknown(dump, &tokens);
                return 0;
        case SCHEMA_REFUSED:
                break;
        }
        /* A refusal by a table whose content is not known is none. */
        return is_unknown(dump, &tokens) ? 0 : fail(dump, first->start, message);
}

/* Rows */

struct rows {
        size_t place; /* of the first column among the values */
        size_t at, depth;
};

static void add_value(struct dump *dump, const struct sql_token *token)
{
        dump->values = memory_grow(dump->values, dump->value_count, sizeof *dump->values);
        dump->values[dump->value_count++] =
                sql_token_is(token, "NULL") ? string_copy("") : sql_token_text(token, NULL);
}

/* [(columns)] VALUES: where in them the first column stands. */
static size_t read_place(struct dump *dump, struct sql_token *token)
{
        const struct schema_table *table = schema_find_table(dump->schema, dump->rows_of);
        size_t place = 0, at = 0;
        while (!sql_token_is(token, "VALUES") && sql_lexer_next(&dump->lexer, token)) {
                if (token->type == SQL_MARK || !table || table->column_count == 0)
                        continue;
                _cleanup_free_ char *name = sql_token_text(token, NULL);
                if (strcasecmp(name, table->columns[0].name) == 0)
                        place = at;
                at++;
        }
        return place;
}

static int read_rows(struct dump *dump, struct sql_token *token)
{
        struct rows rows = {.place = read_place(dump, token)};
        bool fresh = false;
        while (sql_lexer_next(&dump->lexer, token) && !at_end_of_statement(dump, token)) {
                if (token->type == SQL_BROKEN)
                        return fail(dump, token->start, "quotes or a comment have no end");
                char mark = token->type == SQL_MARK ? *token->start : '\0';
                if (mark == '(') {
                        fresh = rows.depth++ == 0;
                        rows.at = rows.depth == 1 ? 0 : rows.at;
                } else if (mark == ')')
                        rows.depth -= rows.depth > 0;
                else if (mark == ',' && rows.depth == 1) {
                        rows.at++;
                        fresh = true;
                } else if (!mark && rows.depth == 1 && fresh && rows.at == rows.place &&
                           !(token->type == SQL_WORD && *token->start == '_')) {
                        add_value(dump, token);
                        fresh = false;
                }
        }
        return 0;
}

static int read_insert(struct dump *dump)
{
        struct sql_token token;
        while (sql_lexer_next(&dump->lexer, &token) && !at_end_of_statement(dump, &token)) {
                if (token.type == SQL_BROKEN)
                        return fail(dump, token.start, "quotes or a comment have no end");
                if (sql_token_is(&token, "INTO") || sql_token_is(&token, "IGNORE"))
                        continue;
                _cleanup_free_ char *name = sql_token_text(&token, NULL);
                if (!dump->rows_of || schema_compare_names(dump->schema, name, dump->rows_of) != 0)
                        return skip_statement(dump);
                return read_rows(dump, &token);
        }
        return 0;
}

static int read_statement(struct dump *dump, const struct sql_token *first)
{
        static const char *const followed[] = {"ALTER", "CREATE", "DROP", "RENAME"};
        if (at_end_of_statement(dump, first))
                return 0;
        if (first->type == SQL_BROKEN)
                return fail(dump, first->start, "quotes or a comment have no end");
        if (sql_token_is(first, "DELIMITER")) {
                skip_delimited(dump);
                return 0;
        }
        if (sql_token_is(first, "INSERT") || sql_token_is(first, "REPLACE"))
                return read_insert(dump);
        for (size_t i = 0; i < ARRAY_SIZE(followed); i++)
                if (sql_token_is(first, followed[i]))
                        return apply(dump, first);
        return skip_statement(dump);
}

int schema_read_dump(const char *text, size_t size, const char *rows_of, struct schema **ret,
        char ***ret_values, struct error *err)
{
        _cleanup_(schema_freep) struct schema *schema = memory_new(sizeof *schema);
        struct dump dump = {.schema = schema, .rows_of = rows_of, .text = text, .err = err};
        read_header(&dump, text, size);
        schema->strict = true;
        schema->no_foreign_key_checks = true;
        sql_lexer_init(&dump.lexer, text, size, &schema->server);
        struct sql_token token;
        int result = 0;
        while (result == 0 && sql_lexer_next(&dump.lexer, &token))
                result = read_statement(&dump, &token);
        schema->no_foreign_key_checks = false;
        dump.values = memory_resize(dump.values, dump.value_count + 1, sizeof *dump.values);
        dump.values[dump.value_count] = NULL;
        _cleanup_strings_ char **values = steal(&dump.values);
        if (result < 0)
                return -1;
        if (ret_values)
                *ret_values = steal(&values);
        *ret = steal(&schema);
        return 0;
}
