/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Which statements of a migration have been executed: a table beside the migrations table, in the same
 * database, so that a change of rows and its evidence commit together, and a restored database brings the
 * journal that belongs to it.
 *
 * One row a statement. It is made before the first statement is sent, and removed in the transaction that
 * records the migration as executed; an empty table is dropped.
 */

#include "lib/database.h"

#include <stdint.h>

enum journal_state {
        JOURNAL_PENDING,
        JOURNAL_RUNNING, /* may have been executed: before and after tell */
        JOURNAL_DONE,
};

struct journal_entry {
        char *sql;
        size_t size;
        unsigned line; /* in the migration's file; 0: by Doctrine itself */
        enum journal_state state;
        char *before, *after; /* the schema of its tables (JSON), when it is running; after NULL: not known */
};

struct journal {
        struct database *database; /* borrowed */
        char *table;
        char *version; /* of the migration that is under way; NULL: none */
        struct journal_entry *entries;
        size_t count;
        uint64_t begun_ms; /* clock_wall_ms when it was begun */
};
void journal_deinit(struct journal *journal);

/* Reads what is there; no table is an empty journal. */
int journal_open(struct database *database, const char *prefix, struct journal *ret, struct error *err)
        _must_check;
/* Makes the table when it is missing, and records these entries (taken) as pending. */
int journal_begin(struct journal *journal, const char *version, struct journal_entry *entries, size_t count,
        struct error *err) _must_check;
/* Sets one entry's state; before and after may be NULL. Inside a transaction of the caller it is part of it.
 */
int journal_set(struct journal *journal, size_t index, enum journal_state state, const char *before,
        const char *after, struct error *err) _must_check;
/* Takes the rows out, with the caller's transaction. The journal itself knows them until journal_forget: a
 * commit that fails leaves the migration under way. */
int journal_end(struct journal *journal, struct error *err) _must_check;
void journal_forget(struct journal *journal); /* after the commit */
/* Drops the table when it has no rows. */
int journal_drop(struct journal *journal, struct error *err) _must_check;
