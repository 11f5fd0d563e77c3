/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The parts of the query builder: what it holds, the SQL that it makes of it, and its expressions. */

#include "migrations-reader/doctrine/connection.h"

enum query_type { QUERY_SELECT, QUERY_DELETE, QUERY_UPDATE, QUERY_INSERT };

struct query_builder {
        struct php_value connection;
        struct php_value parts; /* as QueryBuilder::$sqlParts: an array of all that it was given */
        struct php_value params, types;
        struct php_value first, most; /* setFirstResult, setMaxResults */
        enum query_type type;
        char *sql; /* what was made of it, as long as it is clean */
        size_t size;
        bool dirty;
        int64_t bound; /* placeholders that it has made */
};

/* Borrowed; null when there is no such part. */
struct php_value query_part(const struct query_builder *builder, const char *name);
/* query_sql.c: getSQL(); builder->sql. */
enum php_flow query_make_sql(struct php_run *run, struct query_builder *builder) _must_check;

/* expression_builder.c */
struct php_value composite_new(
        struct php_run *run, const char *type, const struct php_value *parts, size_t count);
bool is_composite(struct php_run *run, struct php_value value, const char *type); /* type NULL: any */
/* More parts for it: in dbal 2.5 and 2.10 for the object itself, later for a copy. */
struct php_value composite_with(
        struct php_run *run, struct php_value value, const struct php_value *parts, size_t count);
enum php_flow append_text(struct php_run *run, struct php_value value, struct buffer *out) _must_check;
enum php_flow append_joined(struct php_run *run, struct php_value list, const char *between,
        struct buffer *out) _must_check; /* implode() */
