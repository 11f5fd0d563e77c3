/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A dump read while it streams: what it creates, how many rows it inserts, and whether it is whole. The same
 * for one that is being written and one that is being restored.
 */

#include "lib/error.h"
#include "states/dump_statement.h"

#include <stdbool.h>

struct dump_item {
        enum dump_object object;
        char *name;
        char *table; /* a trigger's */
        uint64_t rows; /* a table's */
};

struct dump_contents {
        struct dump_item *items; /* in the dump's order */
        size_t count;
        char **definers; /* "user@host" of what has one, each once; ends with NULL, or is NULL */
        char **foreign; /* things whose statements name a schema, for people; the same */
        uint64_t bytes; /* of text */
        size_t last; /* the table that rows were last counted for */
};
void dump_contents_deinit(struct dump_contents *contents);
#define _cleanup_dump_contents_ _cleanup_(dump_contents_deinit)
/* NULL: the dump has none. */
const struct dump_item *dump_contents_find(
        const struct dump_contents *contents, enum dump_object object, const char *name);

struct dump_reader;

/* Gets each statement that is not blank, after it was counted. */
typedef int dump_statement_function(const char *sql, size_t size, const struct dump_statement *statement,
        void *userdata, struct error *err);

/* on_statement may be NULL. */
struct dump_reader *dump_reader_new(dump_statement_function *on_statement, void *userdata);
/* REASON_BACKUP_INCOMPLETE for a statement that no dump of a schema holds, and for text that can't be read.
 */
int dump_reader_feed(struct dump_reader *reader, const void *data, size_t size, struct error *err)
        _must_check;
/* Rows of a table that the text makes, before or behind: rows that do not come as text, as whoever wrote them
 * has counted them. */
void dump_reader_count(struct dump_reader *reader, const char *table, uint64_t rows);
/* The dump ends here. Its last line must be the trailer, else REASON_BACKUP_INCOMPLETE. */
int dump_reader_finish(struct dump_reader *reader, struct dump_contents *ret, struct error *err) _must_check;
uint64_t dump_reader_bytes(const struct dump_reader *reader);
void dump_reader_free(struct dump_reader *reader);
DEFINE_CLEANUP(struct dump_reader *, dump_reader_free);
