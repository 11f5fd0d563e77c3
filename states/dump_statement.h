/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What one statement of a dump (mariadb-dump, mysqldump) is about. Pure: text in, an answer out. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dump_statement_kind {
        DUMP_BLANK, /* comments alone */
        DUMP_SESSION, /* SET of the session's variables, COMMIT */
        DUMP_LOCK, /* LOCK TABLES, UNLOCK TABLES */
        DUMP_DROP,
        DUMP_CREATE,
        DUMP_KEYS, /* ALTER TABLE … DISABLE KEYS */
        DUMP_INSERT,
        DUMP_SEQUENCE_VALUE, /* DO SETVAL(…) */
        DUMP_ALTER_SCHEMA,
        DUMP_UNKNOWN, /* what no dump of a schema holds */
};

enum dump_object {
        DUMP_TABLE,
        DUMP_SEQUENCE,
        DUMP_VIEW,
        DUMP_TRIGGER,
        DUMP_PROCEDURE,
        DUMP_FUNCTION,
        DUMP_PACKAGE,
        DUMP_PACKAGE_BODY,
        DUMP_EVENT,
        DUMP_SCHEMA,
};
const char *dump_object_name(enum dump_object object); /* "table", "package body" */
bool dump_object_from_name(const char *name, enum dump_object *ret);
const char *dump_object_sql(enum dump_object object); /* "TABLE", "PACKAGE BODY" */

struct dump_statement {
        enum dump_statement_kind kind;
        enum dump_object object;
        char *name; /* without its quotes; NULL where there is none */
        char *table; /* a trigger's */
        char *definer; /* "user@host"; NULL: none is said */
        bool names_schema; /* the name or the trigger's table has its schema in front */
        size_t name_at, name_size; /* where the name stands, with its quotes */
        uint64_t rows; /* of an INSERT */
};
void dump_statement_read(const char *sql, size_t size, struct dump_statement *ret);
void dump_statement_deinit(struct dump_statement *statement);
#define _cleanup_dump_statement_ _cleanup_(dump_statement_deinit)
