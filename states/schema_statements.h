/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What `doctrine:schema:update --dump-sql` prints, read: its statements, and what they drop. No I/O.
 *
 * Source: SchemaTool's UpdateCommand of doctrine/orm 2.5 (Mautic 2.16) and 2.7 (Mautic 3), MySqlPlatform of
 * doctrine/dbal 2.5 and 2.10, whose statements begin in a line of their own and end with ";" at a line's end.
 */

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_UPDATE_NOTHING "Nothing to update"

enum drop_kind { DROP_TABLE, DROP_COLUMN, DROP_INDEX, DROP_PRIMARY_KEY, DROP_FOREIGN_KEY, DROP_OTHER };
const char *drop_kind_name(enum drop_kind kind); /* "table", "column", "index", …, "other" */

struct schema_drop {
        enum drop_kind kind;
        char *table; /* NULL where a drop names none */
        char *name; /* of what is dropped from the table; NULL for the table and its primary key */
};

struct schema_statements {
        char **items; /* without the ";" at the end */
        size_t count;
        struct schema_drop *drops; /* in the statements' order */
        size_t drop_count;
};
void schema_statements_deinit(struct schema_statements *statements);
#define _cleanup_schema_statements_ _cleanup_(schema_statements_deinit)

/* A line that is neither a statement's nor one of the command's own: REASON_PROGRAM_FAILED with that line,
 * for what is not understood can't be confirmed either. */
int schema_statements_read(const char *output, struct schema_statements *ret, struct error *err) _must_check;

/* Whether one of the statements drops that table. */
bool schema_statements_drop_table(const struct schema_statements *statements, const char *table);
