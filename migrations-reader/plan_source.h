/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The database as a planned migration sees it: reads go to the server, in a read-only transaction, as long as
 * no write that is only planned would change their rows; writes are written down, and never sent.
 */

#include "migrations-reader/doctrine/source.h"
#include "migrations-reader/planned_statement.h"
#include "migrations-reader/schema/schema.h"

/* A table whose rows a planned statement changes, or that it gives more columns. */
struct touched_table {
        char *name;
        bool rows; /* rows or former columns change; else columns are added only */
};

struct plan_source {
        struct sql_source source;
        struct database *database; /* borrowed; NULL: none to ask */
        const struct schema *base; /* before the migration that is being planned */
        struct schema *former; /* base, when an earlier migration made it; owned */
        struct schema
                *changed; /* base with this migration's statements applied; owned, NULL: no change yet */
        struct touched_table *touched;
        size_t touched_count;
        bool all_touched; /* a statement whose tables could not be told */
        struct planned_statements direct; /* what write() took down */
        bool depends; /* something was asked for that only the statements' effect tells */
        bool live; /* reads and writes are sent as they come, inside the caller's transaction */
};

/* Begins the transaction in which plans are made: the server itself refuses what would write. */
int plan_source_begin(struct database *database, struct error *err) _must_check;

/* schema: the database's own; borrowed. */
void plan_source_init(struct plan_source *source, struct database *database, const struct schema *schema);
void plan_source_deinit(struct plan_source *source);

/* Before each migration: what the ones before it left becomes its base. */
void plan_source_next(struct plan_source *source);
/* The schema with all that was followed up to now. */
const struct schema *plan_source_schema(const struct plan_source *source);

/* Follows a statement that is planned: applies it to the schema, marks its tables as touched. The result of
 * schema_apply; *ret_why as there. */
enum schema_effect plan_source_follow(
        struct plan_source *source, const char *sql, size_t size, char **ret_why);

/* True when all tables of the statement are known and roll back with a transaction. */
bool schema_has_transactions(const struct schema *schema, const char *sql, size_t size);
