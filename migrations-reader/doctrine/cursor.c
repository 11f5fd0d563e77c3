/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/connection.h"
#include "migrations-reader/schema/schema.h"

#include <string.h>
#include <strings.h>

#define READ_ONLY_TRANSACTION 1792 /* the server's number for a write in one */

struct cursor *cursor_ref(struct cursor *cursor)
{
        if (cursor)
                cursor->references++;
        return cursor;
}

void cursor_unref(struct cursor *cursor)
{
        if (!cursor || --cursor->references > 0)
                return;
        database_rows_deinit(&cursor->rows);
        free(cursor);
}

static bool gives_rows(const char *sql, size_t size)
{
        static const char *const verbs[] = {"SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "WITH", "("};
        char verb[16];
        schema_statement_verb(sql, size, verb);
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
                if (strcasecmp(verb, verbs[i]) == 0)
                        return true;
        return false;
}

/* The server's own words in the message that lib/database.h makes of them. */
static char *server_words(const struct error *err)
{
        const char *begin = strstr(error_message(err), " says: ");
        char *words = string_copy(begin ? begin + 7 : error_message(err));
        char *number = strrchr(words, '(');
        if (begin && number && number > words && words[strlen(words) - 1] == ')')
                number[-1] = '\0';
        return words;
}

static enum php_flow read_failed(
        struct php_run *run, const struct sql_statement *statement, struct error *err)
{
        if (err->number == READ_ONLY_TRANSACTION || err->reason == REASON_FORBIDDEN)
                return php_needs_php(run, "a query that may do more than read");
        if (err->reason != REASON_DATABASE_QUERY_FAILED || err->number <= 0)
                return php_fail(run, err);
        _cleanup_free_ char *words = server_words(err);
        return throw_query_error(run, statement, (unsigned)err->number, words);
}

static enum php_flow read_rows(
        struct php_run *run, const struct sql_statement *statement, struct cursor *cursor)
{
        struct sql_source *source = doctrine_of(run)->source;
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *why = NULL;
        int result = source->read(
                source->context, statement->bound.data, statement->bound.size, &cursor->rows, &why, &err);
        if (result == 1)
                return php_needs_php(run, "reads rows, which a schema dump does not hold");
        if (result == 2)
                return php_needs_php(
                        run, "reads rows that an earlier direct write changes (%s)", why ? why : "unknown");
        return result < 0 ? read_failed(run, statement, &err) : PHP_OK;
}

static enum php_flow write_down(struct php_run *run, const struct sql_statement *statement)
{
        struct sql_source *source = doctrine_of(run)->source;
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *why = NULL;
        int result = source->write(source->context, statement->sql, statement->size, statement->params,
                statement->bound.data ? statement->bound.data : "", statement->bound.size, php_run_line(run),
                &why, &err);
        if (result < 0)
                return php_fail(run, &err);
        return result == 1 ? throw_query_error(run, statement, 0, why ? why : "") : PHP_OK;
}

enum php_flow connection_send(struct php_run *run, const struct sql_statement *statement, struct cursor **ret)
{
        _cleanup_(cursor_unrefp) struct cursor *cursor = memory_new(sizeof(*cursor));
        cursor->references = 1;
        cursor->wrote =
                statement->bound.size == 0 || !gives_rows(statement->bound.data, statement->bound.size);
        TRY(cursor->wrote ? write_down(run, statement) : read_rows(run, statement, cursor));
        *ret = steal(&cursor);
        return PHP_OK;
}

enum php_flow connection_execute(struct php_run *run, const char *sql, size_t size, struct php_value params,
        struct php_value types, struct cursor **ret)
{
        _cleanup_sql_statement_ struct sql_statement statement = {.sql = sql, .size = size, .params = params};
        TRY(sql_statement_bind(run, &statement, types));
        return connection_send(run, &statement, ret);
}

enum php_flow doctrine_no_new(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "new of a class whose objects only Doctrine makes");
}
