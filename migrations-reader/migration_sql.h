/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The SQL that a migration's preUp, up and postUp give to addSql or to the connection, as far as it is
 * constant: nothing is evaluated but strings, concatenations, the table prefix, and local variables whose
 * value at that place is beyond doubt. Every other part is SQL_UNKNOWN (migrations-reader/key_changes.h).
 */

#include "lib/error.h"
#include "lib/memory.h"
#include "lib/php_syntax.h"

struct sql_mark {
        size_t offset; /* in the text: from here on … */
        unsigned line; /* … it stands on this line of the source */
};

struct sql_text {
        struct buffer text;
        struct sql_mark *marks;
        size_t mark_count;
        bool conditional; /* inside an if or a loop, or behind a return or a skip */
};

struct migration_sql {
        struct sql_text *items; /* in the order in which the methods run */
        size_t count;
        bool can_skip; /* preUp may end the migration before up */
        char **key_names; /* that it gives to Table::addIndex and the like: constant names */
        size_t key_name_count;
};
void migration_sql_deinit(struct migration_sql *sql);
#define _cleanup_migration_sql_ _cleanup_(migration_sql_deinit)

/* The source of class class_name. -1, REASON_INVALID_ARGUMENT, when it is no PHP or holds no such class. */
int migration_sql_read(const char *source, size_t size, const char *class_name, const char *prefix,
        struct migration_sql *ret, struct error *err) _must_check;

unsigned sql_text_line(const struct sql_text *text, size_t offset);
