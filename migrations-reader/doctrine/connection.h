/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The classes that talk to the database: Connection, Statement, Result, QueryBuilder, ExpressionBuilder. What
 * they share: a statement goes from SQL with parameters through Doctrine's expansion of lists and the
 * conversions of types into the text that PDO's emulated prepare would send, and that text is read or written
 * down (source.h).
 * Sources: doctrine/dbal 2.5.13, 2.10.1, 2.13.8, 3.7.2; ext/pdo/pdo_sql_parser.re, pdo_stmt.c of
 * PHP 7.3, 8.2.
 */

#include "migrations-reader/doctrine/objects.h"

/* ---- Parameters ---- */

/* Placeholders of a statement as Doctrine finds them, lists put in their places: the statement with only "?",
 * or as it was when there was nothing to expand. params and types: PHP arrays, replaced. */
enum php_flow sql_expand(struct php_run *run, const char *sql, size_t size, struct php_value *params,
        struct php_value *types, struct buffer *out) _must_check;

/* Behind the string or quoted name that begins at `at`, \ taken for an escape; behind its mark when it never
 * ends. */
size_t sql_string_end(const char *sql, size_t size, size_t at);

/* What PDO knows of one parameter. */
enum pdo_type { PDO_NULL = 0, PDO_INT = 1, PDO_STR = 2, PDO_LOB = 3, PDO_BOOL = 5 };
struct pdo_parameter {
        char *name; /* without the colon; NULL: by position */
        int64_t position; /* from 0 */
        struct php_value value;
        enum pdo_type type;
};
struct pdo_parameters {
        struct pdo_parameter *items;
        size_t count;
};
void pdo_parameters_deinit(struct pdo_parameters *parameters);
#define _cleanup_pdo_parameters_ _cleanup_(pdo_parameters_deinit)
/* One more, or another value for the same name or position. key: as bindValue takes it, positions from 1. */
enum php_flow pdo_parameters_set(struct php_run *run, struct pdo_parameters *parameters, struct php_value key,
        struct php_value value, enum pdo_type type) _must_check;

/* getBindingInfo(): the value for the database and its type; `type` is null, a number, a name or a Type. */
enum php_flow sql_convert(struct php_run *run, struct php_value value, struct php_value type,
        struct php_value *ret, enum pdo_type *ret_type) _must_check;

/* A statement on its way. */
struct sql_statement {
        const char *sql; /* as PHP code gave it, with its parameters: an array or null; borrowed */
        size_t size;
        struct php_value params;
        struct buffer prepared; /* as PDO prepares it; Doctrine's exceptions tell it with … */
        struct php_value values; /* … the values of its parameters */
        struct buffer bound; /* as a server gets it */
};
void sql_statement_deinit(struct sql_statement *statement);
#define _cleanup_sql_statement_ _cleanup_(sql_statement_deinit)

/* Expands, converts and binds: from `sql` and `params` to all the others. */
enum php_flow sql_statement_bind(struct php_run *run, struct sql_statement *statement, struct php_value types)
        _must_check;
/* From `prepared` to `bound`. What PDO refuses is thrown. */
enum php_flow pdo_bind(struct php_run *run, struct sql_statement *statement,
        const struct pdo_parameters *parameters) _must_check;

/* ---- Rows ---- */

/* What a statement left, shared by the objects that read on in it. */
struct cursor {
        unsigned references;
        struct database_rows rows;
        bool wrote; /* a write that is only planned: how many rows it changes is not known */
        size_t at;
};
struct cursor *cursor_ref(struct cursor *cursor);
void cursor_unref(struct cursor *cursor); /* NULL is fine */
DEFINE_CLEANUP(struct cursor *, cursor_unref);

/* Sends what is bound: a query is read, all else is written down. */
enum php_flow connection_send(struct php_run *run, const struct sql_statement *statement, struct cursor **ret)
        _must_check;
/* executeQuery() and executeStatement(): params and types are PHP arrays or null. */
enum php_flow connection_execute(struct php_run *run, const char *sql, size_t size, struct php_value params,
        struct php_value types, struct cursor **ret) _must_check;
/* The object that executeQuery() gives in this version; takes the cursor. */
struct php_value result_new(struct php_run *run, struct cursor *cursor);
enum php_flow result_fetch_method(
        struct php_run *run, struct php_call *call, struct cursor *cursor, const char *method) _must_check;
struct php_value statement_new(struct php_run *run, const char *sql, size_t size);
/* What a call that executes a write returns: nobody knows how many rows it will change. */
enum php_flow return_changed_rows(struct php_run *run, struct php_call *call, const struct cursor *cursor)
        _must_check;

/* After a PHP_THROWN while placeholders were expanded: dbal 2 throws it as an exception of its own. */
enum php_flow wrap_thrown(struct php_run *run, const struct sql_statement *statement);
/* Throws what Doctrine makes of the server's words; number 0: found out from the words. */
enum php_flow throw_query_error(
        struct php_run *run, const struct sql_statement *statement, unsigned number, const char *words);

/* ---- Objects ---- */

struct php_value query_builder_new(struct php_run *run, struct php_value connection);
struct php_value expression_builder_new(struct php_run *run);
/* quote(): what PDO makes of it. */
enum php_flow connection_quote(struct php_run *run, struct php_value value, struct php_value type,
        struct php_value *ret) _must_check;

/* The construct of classes whose objects only Doctrine makes: needs_php. */
enum php_flow doctrine_no_new(struct php_run *run, struct php_call *call);

extern const struct doctrine_class connection_classes[], expression_classes[], query_classes[],
        query_exception_classes[], statement_classes[];
