/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/connection.h"

#include <string.h>

/*
 * Statement is what prepare() gives, Result what a query gives; in dbal 2 both are read in the same ways.
 * What is fetched are strings and null: Mautic's connections give nothing else.
 */

#define STATEMENT DBAL "Statement"
#define ROWS "Generator"

enum fetch_mode {
        FETCH_ASSOC = 2,
        FETCH_NUM = 3,
        FETCH_BOTH = 4,
        FETCH_OBJ = 5,
        FETCH_COLUMN = 7,
        FETCH_KEY_PAIR = 12
};

/* The first part of both. */
struct reader {
        struct cursor *cursor; /* NULL: not executed yet */
        int64_t mode; /* of fetch() without one */
};

struct statement {
        struct reader reader;
        char *sql;
        size_t size;
        struct pdo_parameters parameters;
        struct php_value bound; /* as PHP code gave them: name or position => value */
};

static const char *result_class(struct php_run *run)
{
        if (version_of(run) >= DOCTRINE_3_7)
                return DBAL "Result";
        return version_of(run) >= DOCTRINE_2_13 ? DBAL "ForwardCompatibility\\Result"
                                                : DBAL "Driver\\PDOStatement";
}

struct php_value result_new(struct php_run *run, struct cursor *cursor)
{
        struct reader *reader = memory_new(sizeof(*reader));
        *reader = (struct reader){.cursor = cursor, .mode = FETCH_ASSOC};
        return php_host_object(run, result_class(run), reader);
}

struct php_value statement_new(struct php_run *run, const char *sql, size_t size)
{
        struct statement *statement = memory_new(sizeof(*statement));
        *statement = (struct statement){.reader = {.mode = FETCH_ASSOC},
                .sql = memory_copy(sql, size),
                .size = size,
                .bound = php_new_array()};
        return php_host_object(run, STATEMENT, statement);
}

static void reader_release(void *host)
{
        struct reader *reader = host;
        cursor_unref(reader->cursor);
        free(reader);
}

static void statement_release(void *host)
{
        struct statement *statement = host;
        free(statement->sql);
        pdo_parameters_deinit(&statement->parameters);
        php_release(statement->bound);
        reader_release(host);
}

/* Rows as PHP values */

static struct php_value cell_value(const struct database_rows *rows, size_t row, size_t column)
{
        size_t at = row * rows->columns + column;
        return rows->cells[at] ? php_bytes(rows->cells[at], rows->sizes[at]) : PHP_NULL_VALUE;
}

static struct php_key column_key(const struct database_rows *rows, size_t column)
{
        return php_key_bytes(rows->names[column], strlen(rows->names[column]));
}

static struct php_value row_array(const struct database_rows *rows, size_t row, bool names, bool numbers)
{
        struct php_value array = php_new_array();
        for (size_t i = 0; i < rows->columns; i++) {
                if (names)
                        php_array_set(&array, column_key(rows, i), cell_value(rows, row, i));
                if (numbers)
                        php_array_set(&array, php_key_int((int64_t)i), cell_value(rows, row, i));
        }
        return array;
}

static enum php_flow row_object(
        struct php_run *run, const struct database_rows *rows, size_t row, struct php_value *ret)
{
        TRY(php_new(run, "stdClass", NULL, 0, ret));
        for (size_t i = 0; i < rows->columns; i++)
                php_set_property(*ret, rows->names[i], cell_value(rows, row, i));
        return PHP_OK;
}

static enum php_flow row_value(struct php_run *run, const struct database_rows *rows, size_t row,
        int64_t mode, int64_t column, struct php_value *ret)
{
        switch (mode) {
        case FETCH_ASSOC:
        case FETCH_NUM:
        case FETCH_BOTH:
                *ret = row_array(rows, row, mode != FETCH_NUM, mode != FETCH_ASSOC);
                return PHP_OK;
        case FETCH_OBJ:
                return row_object(run, rows, row, ret);
        case FETCH_COLUMN:
                if (column < 0 || (size_t)column >= rows->columns)
                        return php_needs_php(run, "fetching a column that there is not");
                *ret = cell_value(rows, row, (size_t)column);
                return PHP_OK;
        default:
                return php_needs_php(run, "fetch mode %lld", (long long)mode);
        }
}

/* Fetching. A cursor NULL: the statement was not executed, PDO finds nothing. */

static enum php_flow check_rows(struct php_run *run, const struct cursor *cursor)
{
        return cursor && cursor->wrote ? php_needs_php(run, "fetching from a statement that writes") : PHP_OK;
}

static enum php_flow fetch_row(
        struct php_run *run, struct php_call *call, struct cursor *cursor, int64_t mode, int64_t column)
{
        TRY(check_rows(run, cursor));
        if (!cursor || cursor->at >= cursor->rows.rows)
                return php_return(call, php_bool(false));
        return row_value(run, &cursor->rows, cursor->at++, mode, column, call->ret);
}

static enum php_flow fetch_rest(
        struct php_run *run, struct php_call *call, struct cursor *cursor, int64_t mode, int64_t column)
{
        _cleanup_php_value_ struct php_value list = php_new_array();
        TRY(check_rows(run, cursor));
        while (cursor && cursor->at < cursor->rows.rows) {
                struct php_value row = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(row_value(run, &cursor->rows, cursor->at++, mode, column, &row));
                (void)php_array_append(&list, row);
        }
        return php_return(call, php_steal(&list));
}

static enum php_flow too_few_columns(struct php_run *run, size_t columns)
{
        return doctrine_throw(run, DBAL "Exception\\NoKeyValue", 0,
                "Fetching as key-value pairs requires the result to contain at least 2 columns, %zu given.",
                columns);
}

/* First column => second one, or => the row without it. */
static enum php_flow fetch_keyed(
        struct php_run *run, struct php_call *call, struct cursor *cursor, bool whole_rows)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        TRY(check_rows(run, cursor));
        if (cursor && !whole_rows && cursor->rows.columns < 2)
                return too_few_columns(run, cursor->rows.columns);
        for (; cursor && cursor->at < cursor->rows.rows; cursor->at++) {
                const struct database_rows *rows = &cursor->rows;
                _cleanup_php_value_ struct php_value name = cell_value(rows, cursor->at, 0);
                struct php_key key;
                TRY(php_step(run));
                (void)php_key_of(name, &key);
                struct php_value value = PHP_NULL_VALUE;
                if (whole_rows) {
                        value = row_array(rows, cursor->at, true, false);
                        (void)php_array_remove(&value, column_key(rows, 0));
                } else {
                        value = cell_value(rows, cursor->at, 1);
                }
                php_array_set(&array, key, value);
        }
        return php_return(call, php_steal(&array));
}

/* Methods: each gets the cursor of a Result, of a Statement, or one of a query that was just made. */

typedef enum php_flow (*fetch_call)(
        struct php_run *run, struct php_call *call, struct cursor *cursor, int64_t mode);

/* dbal 3 keeps only what its FetchMode names. */
static enum php_flow check_mode(struct php_run *run, const struct php_call *call, int64_t mode)
{
        if (version_of(run) < DOCTRINE_3_7)
                return PHP_OK;
        if (call->count > 1)
                return doctrine_throw(run, "LogicException", 0,
                        "Only invocations with one argument are still supported by this legacy API.");
        if (mode != FETCH_ASSOC && mode != FETCH_NUM && mode != FETCH_COLUMN)
                return doctrine_throw(run, "LogicException", 0,
                        "Only fetch modes declared on Doctrine\\DBAL\\FetchMode are supported by legacy "
                        "API.");
        return PHP_OK;
}

static enum php_flow mode_argument(
        struct php_run *run, const struct php_call *call, int64_t otherwise, int64_t *ret)
{
        *ret = otherwise;
        if (call->count == 0 || php_argument(call, 0).type == PHP_TYPE_NULL)
                return PHP_OK;
        return php_argument_int(run, call, 0, ret);
}

static enum php_flow fetch(
        struct php_run *run, struct php_call *call, struct cursor *cursor, int64_t otherwise)
{
        int64_t mode;
        TRY(mode_argument(run, call, otherwise, &mode));
        TRY(check_mode(run, call, mode));
        if (call->count > 1)
                return php_needs_php(run, "fetch() with a cursor's orientation");
        return fetch_row(run, call, cursor, mode, 0);
}

static enum php_flow fetch_all(
        struct php_run *run, struct php_call *call, struct cursor *cursor, int64_t otherwise)
{
        int64_t mode, column = 0;
        TRY(mode_argument(run, call, otherwise, &mode));
        TRY(check_mode(run, call, mode));
        if (call->count > 1 && php_argument(call, 1).type != PHP_TYPE_NULL) {
                if (mode != FETCH_COLUMN)
                        return php_needs_php(run, "fetchAll() with an argument for its mode");
                TRY(php_argument_int(run, call, 1, &column));
        }
        if (mode == FETCH_KEY_PAIR) {
                if (cursor && !cursor->wrote && cursor->rows.columns != 2)
                        return php_needs_php(run, "pairs of what has not two columns");
                return fetch_keyed(run, call, cursor, false);
        }
        return fetch_rest(run, call, cursor, mode, column);
}

static enum php_flow fetch_column(
        struct php_run *run, struct php_call *call, struct cursor *cursor, _unused int64_t mode)
{
        int64_t column = 0;
        if (call->count > 0)
                TRY(php_argument_int(run, call, 0, &column));
        return fetch_row(run, call, cursor, FETCH_COLUMN, column);
}

#define FETCH_METHOD(name, expression)                                                                       \
        static enum php_flow name(                                                                           \
                struct php_run *run, struct php_call *call, struct cursor *cursor, _unused int64_t mode)     \
        {                                                                                                    \
                return expression;                                                                           \
        }
FETCH_METHOD(fetch_associative, fetch_row(run, call, cursor, FETCH_ASSOC, 0))
FETCH_METHOD(fetch_numeric, fetch_row(run, call, cursor, FETCH_NUM, 0))
FETCH_METHOD(fetch_one, fetch_row(run, call, cursor, FETCH_COLUMN, 0))
FETCH_METHOD(fetch_all_associative, fetch_rest(run, call, cursor, FETCH_ASSOC, 0))
FETCH_METHOD(fetch_all_numeric, fetch_rest(run, call, cursor, FETCH_NUM, 0))
FETCH_METHOD(fetch_first_column, fetch_rest(run, call, cursor, FETCH_COLUMN, 0))
FETCH_METHOD(fetch_key_value, fetch_keyed(run, call, cursor, false))
FETCH_METHOD(fetch_indexed, fetch_keyed(run, call, cursor, true))

/* What a generator would give, one by one, is made of the rows that were read at once: nobody can tell the
 * difference in a plan. */
struct rows {
        struct cursor *cursor;
        size_t at;
        enum rows_shape { ROWS_ASSOCIATIVE, ROWS_NUMERIC, ROWS_COLUMN, ROWS_KEY_VALUE, ROWS_INDEXED } shape;
};

static enum php_flow iterate(
        struct php_run *run, struct php_call *call, struct cursor *cursor, enum rows_shape shape)
{
        TRY(check_rows(run, cursor));
        if (!cursor)
                return php_needs_php(run, "iterating over a statement that was not executed");
        if (shape == ROWS_KEY_VALUE && cursor->rows.columns < 2)
                return too_few_columns(run, cursor->rows.columns);
        struct rows *rows = memory_new(sizeof(*rows));
        *rows = (struct rows){.cursor = cursor_ref(cursor), .shape = shape};
        return php_return(call, php_host_object(run, ROWS, rows));
}
FETCH_METHOD(iterate_associative, iterate(run, call, cursor, ROWS_ASSOCIATIVE))
FETCH_METHOD(iterate_numeric, iterate(run, call, cursor, ROWS_NUMERIC))
FETCH_METHOD(iterate_column, iterate(run, call, cursor, ROWS_COLUMN))
FETCH_METHOD(iterate_key_value, iterate(run, call, cursor, ROWS_KEY_VALUE))
FETCH_METHOD(iterate_indexed, iterate(run, call, cursor, ROWS_INDEXED))

static enum php_flow row_count(
        struct php_run *run, struct php_call *call, struct cursor *cursor, _unused int64_t mode)
{
        if (cursor && cursor->wrote)
                return return_changed_rows(run, call, cursor);
        return php_return(call, php_int(cursor ? (int64_t)cursor->rows.rows : 0));
}

static enum php_flow column_count(
        struct php_run *run, struct php_call *call, struct cursor *cursor, _unused int64_t mode)
{
        TRY(check_rows(run, cursor));
        return php_return(call, php_int(cursor ? (int64_t)cursor->rows.columns : 0));
}

static enum php_flow free_cursor(
        struct php_run *run, struct php_call *call, struct cursor *cursor, _unused int64_t mode)
{
        if (cursor && !cursor->wrote)
                cursor->at = cursor->rows.rows;
        return php_return(call, version_of(run) < DOCTRINE_3_7 ? php_bool(true) : PHP_NULL_VALUE);
}

/* foreach over the object itself */
static enum php_flow get_iterator(
        struct php_run *run, struct php_call *call, struct cursor *cursor, int64_t mode)
{
        return fetch_rest(run, call, cursor, mode, 0);
}

enum php_flow return_changed_rows(struct php_run *run, struct php_call *call, const struct cursor *cursor)
{
        if (!cursor->wrote)
                return php_return(call, php_int((int64_t)cursor->rows.rows));
        if (call->is_ignored)
                return php_return(call, PHP_NULL_VALUE);
        return php_needs_php(run, "uses how many rows a write changes");
}

static const struct {
        const char *name;
        fetch_call call;
} fetch_methods[] = {
        {"fetchAll", fetch_all},
        {"fetchAllAssociative", fetch_all_associative},
        {"fetchAllAssociativeIndexed", fetch_indexed},
        {"fetchAllKeyValue", fetch_key_value},
        {"fetchAllNumeric", fetch_all_numeric},
        {"fetchAssociative", fetch_associative},
        {"fetchColumn", fetch_column},
        {"fetchFirstColumn", fetch_first_column},
        {"fetchNumeric", fetch_numeric},
        {"fetchOne", fetch_one},
        {"iterateAssociative", iterate_associative},
        {"iterateAssociativeIndexed", iterate_indexed},
        {"iterateColumn", iterate_column},
        {"iterateKeyValue", iterate_key_value},
        {"iterateNumeric", iterate_numeric},
};

enum php_flow result_fetch_method(
        struct php_run *run, struct php_call *call, struct cursor *cursor, const char *method)
{
        for (size_t i = 0; i < ARRAY_SIZE(fetch_methods); i++)
                if (strcmp(fetch_methods[i].name, method) == 0)
                        return fetch_methods[i].call(run, call, cursor, FETCH_ASSOC);
        return php_needs_php(run, "%s()", method);
}

/* The same as methods of an object. */
#define READER_METHOD(name)                                                                                  \
        static enum php_flow name##_method(struct php_run *run, struct php_call *call)                       \
        {                                                                                                    \
                const struct reader *reader = call->this_host;                                               \
                return name(run, call, reader->cursor, reader->mode);                                        \
        }
READER_METHOD(column_count)
READER_METHOD(fetch)
READER_METHOD(fetch_all)
READER_METHOD(fetch_all_associative)
READER_METHOD(fetch_all_numeric)
READER_METHOD(fetch_associative)
READER_METHOD(fetch_column)
READER_METHOD(fetch_first_column)
READER_METHOD(fetch_indexed)
READER_METHOD(fetch_key_value)
READER_METHOD(fetch_numeric)
READER_METHOD(fetch_one)
READER_METHOD(free_cursor)
READER_METHOD(get_iterator)
READER_METHOD(iterate_associative)
READER_METHOD(iterate_column)
READER_METHOD(iterate_indexed)
READER_METHOD(iterate_key_value)
READER_METHOD(iterate_numeric)
READER_METHOD(row_count)

static enum php_flow set_fetch_mode(struct php_run *run, struct php_call *call)
{
        struct reader *reader = call->this_host;
        if (call->count > 1)
                return php_needs_php(run, "setFetchMode() with an argument for its mode");
        TRY(php_argument_int(run, call, 0, &reader->mode));
        return php_return(call, php_bool(true));
}

/* Statement */

static enum php_flow bind_value(struct php_run *run, struct php_call *call)
{
        struct statement *statement = call->this_host;
        _cleanup_php_value_ struct php_value converted = PHP_NULL_VALUE;
        struct php_value type = call->count > 2 ? php_argument(call, 2) : PHP_NULL_VALUE;
        enum pdo_type kind;
        struct php_key key;
        TRY(sql_convert(run, php_argument(call, 1), type, &converted, &kind));
        TRY(pdo_parameters_set(run, &statement->parameters, php_argument(call, 0), converted, kind));
        if (php_key_of(php_argument(call, 0), &key))
                php_array_set(&statement->bound, key, php_copy(php_argument(call, 1)));
        return php_return(call, php_bool(true));
}

/* bindParam() looks at its variable when the statement is executed. */
static enum php_flow bind_param(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "Statement::bindParam()");
}

/* execute([…]): all of them are strings, and what was bound is forgotten. */
static enum php_flow bind_all(struct php_run *run, struct statement *statement, struct php_value params)
{
        struct php_key key;
        struct php_value value;
        pdo_parameters_deinit(&statement->parameters);
        for (size_t at = 0; php_array_next(params, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value name =
                        key.is_string ? php_key_value(key) : php_int(key.integer + 1);
                TRY(pdo_parameters_set(run, &statement->parameters, name, value, PDO_STR));
        }
        php_assign(&statement->bound, php_copy(params));
        return PHP_OK;
}

static enum php_flow execute_with(struct php_run *run, struct php_call *call)
{
        struct statement *statement = call->this_host;
        struct php_value params = call->count > 0 ? php_argument(call, 0) : PHP_NULL_VALUE;
        struct cursor *cursor = NULL;
        if (params.type == PHP_TYPE_ARRAY && php_array_count(params) > 0)
                TRY(bind_all(run, statement, params));
        else if (params.type != PHP_TYPE_ARRAY && params.type != PHP_TYPE_NULL)
                return php_needs_php(run, "execute() with what is no array");
        _cleanup_sql_statement_ struct sql_statement sending = {
                .sql = statement->sql, .size = statement->size, .params = statement->bound};
        buffer_append(&sending.prepared, statement->sql, statement->size);
        sending.values = php_copy(statement->bound);
        TRY(pdo_bind(run, &sending, &statement->parameters));
        TRY(connection_send(run, &sending, &cursor));
        cursor_unref(statement->reader.cursor);
        statement->reader.cursor = cursor;
        return PHP_OK;
}

static enum php_flow execute(struct php_run *run, struct php_call *call)
{
        const struct statement *statement = call->this_host;
        TRY(execute_with(run, call));
        if (version_of(run) < DOCTRINE_3_7)
                return php_return(call, php_bool(true));
        return php_return(call, result_new(run, cursor_ref(statement->reader.cursor)));
}

static enum php_flow execute_query(struct php_run *run, struct php_call *call)
{
        const struct statement *statement = call->this_host;
        TRY(execute_with(run, call));
        return php_return(call, result_new(run, cursor_ref(statement->reader.cursor)));
}

static enum php_flow execute_statement(struct php_run *run, struct php_call *call)
{
        const struct statement *statement = call->this_host;
        TRY(execute_with(run, call));
        return return_changed_rows(run, call, statement->reader.cursor);
}

static enum php_flow get_wrapped(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "Statement::getWrappedStatement()");
}

static enum php_flow error_info(struct php_run *run, _unused struct php_call *call)
{
        return php_needs_php(run, "a statement's errorInfo()");
}

/* What both of them have in dbal 2. */
#define READING_2                                                                                            \
        {{"closeCursor", free_cursor_method, 0, 0, false, ""}, 0, DOCTRINE_3_7},                             \
                {{"errorCode", error_info, 0, 0, false, ""}, 0, DOCTRINE_3_7},                               \
                {{"errorInfo", error_info, 0, 0, false, ""}, 0, DOCTRINE_3_7},                               \
                {{"fetchColumn", fetch_column_method, 0, 1, false, NULL}, 0, DOCTRINE_3_7},                  \
                {{"getIterator", get_iterator_method, 0, 0, false, ""}, 0, DOCTRINE_3_7},                    \
        {                                                                                                    \
                {"setFetchMode", set_fetch_mode, 1, 3, false, NULL}, 0, DOCTRINE_3_7                         \
        }

/* What Statement has in 2.13 and Result from then on. */
#define READING_NEW(gone)                                                                                    \
        {{"fetchAllAssociative", fetch_all_associative_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},       \
                {{"fetchAllAssociativeIndexed", fetch_indexed_method, 0, 0, false, ""}, DOCTRINE_2_13,       \
                        gone},                                                                               \
                {{"fetchAllKeyValue", fetch_key_value_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},        \
                {{"fetchAllNumeric", fetch_all_numeric_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},       \
                {{"fetchAssociative", fetch_associative_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},      \
                {{"fetchFirstColumn", fetch_first_column_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},     \
                {{"fetchNumeric", fetch_numeric_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},              \
                {{"fetchOne", fetch_one_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},                      \
                {{"free", free_cursor_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},                        \
                {{"iterateAssociative", iterate_associative_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},  \
                {{"iterateAssociativeIndexed", iterate_indexed_method, 0, 0, false, ""}, DOCTRINE_2_13,      \
                        gone},                                                                               \
                {{"iterateColumn", iterate_column_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},            \
                {{"iterateKeyValue", iterate_key_value_method, 0, 0, false, ""}, DOCTRINE_2_13, gone},       \
        {                                                                                                    \
                {"iterateNumeric", iterate_numeric_method, 0, 0, false, ""}, DOCTRINE_2_13, gone             \
        }

static const struct doctrine_method result_methods[] = {
        READING_2,
        READING_NEW(0),
        {{"columnCount", column_count_method, 0, 0, false, ""}, 0, 0},
        {{"fetch", fetch_method, 0, 3, false, NULL}, 0, 0},
        {{"fetchAll", fetch_all_method, 0, 3, false, NULL}, 0, 0},
        {{"rowCount", row_count_method, 0, 0, false, ""}, 0, 0},
        {{NULL}, 0, 0},
};

static const struct doctrine_method statement_methods[] = {
        READING_2,
        READING_NEW(DOCTRINE_3_7),
        {{"bindParam", bind_param, 2, 4, false, NULL, 2}, 0, 0},
        {{"bindValue", bind_value, 2, 3, false, NULL}, 0, 0},
        {{"columnCount", column_count_method, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{"execute", execute, 0, 1, false, NULL}, 0, 0},
        {{"executeQuery", execute_query, 0, 1, false, "params"}, DOCTRINE_2_13, 0},
        {{"executeStatement", execute_statement, 0, 1, false, "params"}, DOCTRINE_2_13, 0},
        {{"fetch", fetch_method, 0, 3, false, NULL}, 0, DOCTRINE_3_7},
        {{"fetchAll", fetch_all_method, 0, 3, false, NULL}, 0, DOCTRINE_3_7},
        {{"getWrappedStatement", get_wrapped, 0, 0, false, ""}, 0, 0},
        {{"rowCount", row_count_method, 0, 0, false, ""}, 0, DOCTRINE_3_7},
        {{NULL}, 0, 0},
};

/* Rows that a generator would give */

static void rows_release(void *host)
{
        struct rows *rows = host;
        cursor_unref(rows->cursor);
        free(rows);
}

static bool has_row(const struct rows *rows)
{
        return rows->cursor->at < rows->cursor->rows.rows;
}

static enum php_flow rows_valid(_unused struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(has_row(call->this_host)));
}

static enum php_flow rows_key(_unused struct php_run *run, struct php_call *call)
{
        const struct rows *rows = call->this_host;
        bool is_counted = rows->shape != ROWS_KEY_VALUE && rows->shape != ROWS_INDEXED;
        if (!has_row(rows))
                return php_return(call, PHP_NULL_VALUE);
        return php_return(call, is_counted ? php_int((int64_t)rows->at)
                                           : cell_value(&rows->cursor->rows, rows->cursor->at, 0));
}

static enum php_flow rows_current(_unused struct php_run *run, struct php_call *call)
{
        const struct rows *rows = call->this_host;
        const struct database_rows *all = &rows->cursor->rows;
        size_t row = rows->cursor->at;
        if (!has_row(rows))
                return php_return(call, PHP_NULL_VALUE);
        struct php_value value = PHP_NULL_VALUE;
        switch (rows->shape) {
        case ROWS_ASSOCIATIVE:
                value = row_array(all, row, true, false);
                break;
        case ROWS_NUMERIC:
                value = row_array(all, row, false, true);
                break;
        case ROWS_COLUMN:
                value = cell_value(all, row, 0);
                break;
        case ROWS_KEY_VALUE:
                value = cell_value(all, row, 1);
                break;
        case ROWS_INDEXED:
                value = row_array(all, row, true, false);
                (void)php_array_remove(&value, column_key(all, 0));
                break;
        }
        return php_return(call, value);
}

static enum php_flow rows_next(_unused struct php_run *run, struct php_call *call)
{
        struct rows *rows = call->this_host;
        if (has_row(rows))
                rows->cursor->at++;
        rows->at++;
        return PHP_OK;
}

static enum php_flow rows_rewind(struct php_run *run, struct php_call *call)
{
        const struct rows *rows = call->this_host;
        if (rows->at > 0)
                return php_throw(run, "Exception", "Cannot traverse an already closed generator");
        return PHP_OK;
}

static const struct doctrine_method rows_methods[] = {
        {{"current", rows_current, 0, 0, false, ""}, 0, 0},
        {{"key", rows_key, 0, 0, false, ""}, 0, 0},
        {{"next", rows_next, 0, 0, false, ""}, 0, 0},
        {{"rewind", rows_rewind, 0, 0, false, ""}, 0, 0},
        {{"valid", rows_valid, 0, 0, false, ""}, 0, 0},
        {{NULL}, 0, 0},
};

const struct doctrine_class statement_classes[] = {
        {.class = {.name = STATEMENT,
                 .interfaces = "IteratorAggregate",
                 .construct = doctrine_no_new,
                 .release = statement_release},
                .methods = statement_methods,
                .gone = DOCTRINE_3_7},
        {.class = {.name = STATEMENT, .construct = doctrine_no_new, .release = statement_release},
                .methods = statement_methods,
                .from = DOCTRINE_3_7},
        {.class = {.name = DBAL "Driver\\PDOStatement",
                 .interfaces = "IteratorAggregate",
                 .construct = doctrine_no_new,
                 .release = reader_release},
                .methods = result_methods,
                .gone = DOCTRINE_2_13},
        {.class = {.name = DBAL "ForwardCompatibility\\Result",
                 .interfaces = "IteratorAggregate",
                 .construct = doctrine_no_new,
                 .release = reader_release},
                .methods = result_methods,
                .from = DOCTRINE_2_13,
                .gone = DOCTRINE_3_7},
        {.class = {.name = DBAL "Result", .construct = doctrine_no_new, .release = reader_release},
                .methods = result_methods,
                .from = DOCTRINE_3_7},
        {.class = {.name = ROWS,
                 .interfaces = "Iterator",
                 .construct = doctrine_no_new,
                 .release = rows_release},
                .methods = rows_methods,
                .from = DOCTRINE_2_13},
        {.class = {.name = NULL}},
};
