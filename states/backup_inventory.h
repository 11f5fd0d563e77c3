/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a schema holds, so that a restored copy can be compared with it: each table's rows, CHECKSUM TABLE and
 * definition, and the definitions of views, triggers, routines and events. Kept as JSON beside the dump.
 *
 * A table whose checksums before and after the dump are equal was steady: its copy must be equal. A busy one
 * has the rows that the dump holds, and no checksum. Nor has one whose copy can't have the same: FLOAT
 * columns are rounded in the text of a dump program, and dates stored as servers before MySQL 5.6 and MariaDB
 * 10.1 did are stored anew.
 */

#include "lib/cancel.h"
#include "lib/database.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/dump_reader.h"

#include <stdbool.h>

struct inventory_item {
        enum dump_object object;
        char *name;
        char *definition; /* SHA-256 in hex of its text, the counter left out; NULL: it changed meanwhile */
        char *table; /* a trigger's */
        /* Tables alone: */
        char *counter; /* AUTO_INCREMENT; NULL: it has none */
        char *checksum; /* NULL: none that a copy must have */
        uint64_t rows;
        bool counted; /* rows are known */
        bool steady; /* nothing was written while the dump ran, as far as that was looked at */
        bool rounded, /* has FLOAT columns, whose last digits are not in the dump */
                old_dates;
        bool no_data; /* its engine keeps rows elsewhere: dumps leave them out */
        bool versioned; /* with a history, which dumps leave out */
};

struct inventory {
        char *schema, *server, *charset, *collation;
        char *prefix; /* the site's db_table_prefix then; NULL: it was not noted */
        int64_t time_ms; /* wall clock, when it was begun */
        uint64_t bytes; /* of the dump's text */
        bool checksums; /* they were taken */
        struct inventory_item *items;
        size_t count;
};
void inventory_item_deinit(struct inventory_item *item);
void inventory_deinit(struct inventory *inventory);
#define _cleanup_inventory_ _cleanup_(inventory_deinit)

const struct inventory_item *inventory_find(
        const struct inventory *inventory, enum dump_object object, const char *name);
/* A new one behind the others, until the next is added. */
struct inventory_item *inventory_add(struct inventory *inventory, enum dump_object object, const char *name);
/* Whether an engine (NULL: none is known) keeps its rows outside of the server, so that dumps leave them out
 * (client/mysqldump.cc, check_if_ignore_table). */
bool inventory_keeps_elsewhere(const char *engine);
size_t inventory_tables(const struct inventory *inventory); /* how many */

/* Which names in a schema are the site's. */
struct schema_scope {
        const char *prefix; /* NULL or "": all */
        bool any_case; /* the server keeps names of tables in lower case */
        /* Longer prefixes, each of another Mautic in the same schema ("mautic_test_" beside "mautic_"): what
         * begins with one of them is not ours. */
        struct string_list others;
};
void schema_scope_deinit(struct schema_scope *scope);
#define _cleanup_schema_scope_ _cleanup_(schema_scope_deinit)
bool schema_scope_has(const struct schema_scope *scope, const char *name);
int schema_scope_read(struct database *database, const char *prefix, struct schema_scope *ret,
        struct error *err) _must_check;

/* Makes the connection show definitions alike whatever the server's settings are, and keeps it when idle. */
int inventory_prepare(struct database *database, struct error *err) _must_check;

enum inventory_depth {
        INVENTORY_PRESENT, /* names alone: nothing is opened, so that what is broken is listed as well */
        INVENTORY_NAMES, /* and definitions: cheap */
        INVENTORY_ROWS, /* and rows, counted */
        INVENTORY_CHECKSUMS, /* and checksums: reads every table to its end */
};
struct inventory_progress {
        struct cancel *cancel;
        void (*on_table)(size_t done, size_t total, void *userdata); /* may be NULL */
        void *userdata;
};
/* Of the connection's schema, what is in scope (NULL: all). */
int inventory_read(struct database *database, enum inventory_depth depth, const struct schema_scope *scope,
        const struct inventory_progress *progress, struct inventory *ret, struct error *err) _must_check;

/* Makes of the inventory before the dump the one that is kept: what after and the dump say otherwise was
 * written meanwhile. REASON_BACKUP_INCOMPLETE when the dump lacks something that was there all the time. */
int inventory_settle(struct inventory *before, const struct inventory *after,
        const struct dump_contents *dump, struct error *err) _must_check;

/* Which tables are rounded: of an exact dump none; of another those with FLOAT columns (as inventory_read has
 * it), and their checksums are not kept. */
void inventory_judge_floats(struct inventory *inventory, bool exact);

/* Compares a copy with the inventory, as far as both are in scope. Returns how many differences there are,
 * the first ones in words behind each other in *differences; *tables and *rows: what was compared. */
size_t inventory_compare(const struct inventory *expected, const struct inventory *found,
        const struct schema_scope *scope, struct buffer *differences, uint64_t *tables, uint64_t *rows);
/* Two looks at one copy: what differs between them is being written to, and its rows are compared no more.
 * How many tables, their names behind each other in *names. */
size_t inventory_forget_written(struct inventory *expected, const struct inventory *first,
        const struct inventory *second, struct buffer *names);
/* inventory_compare with what a dump holds. */
size_t inventory_compare_dump(const struct inventory *expected, const struct dump_contents *dump,
        struct buffer *differences, uint64_t *tables, uint64_t *rows);

/* JSON; owned by the caller. */
char *inventory_text(const struct inventory *inventory);
int inventory_parse(const char *text, size_t size, struct inventory *ret, struct error *err) _must_check;
