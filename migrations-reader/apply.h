/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The native engine: runs migrations on a database without PHP.
 *
 * A migration is planned on the database as it is, then its statements are sent one by one. Rows alone
 * change: one transaction holds them all and the version's row, so a kill leaves all or nothing. Otherwise
 * each statement is journalled (apply_journal.h) before it is sent, since DDL commits by itself: after a kill
 * the schema of the statement's tables, as it was before and as it would be after, tells whether it has been
 * executed; a change of rows commits together with its journal entry. What can't be told is never guessed:
 * the migration stops as interrupted, and a person decides.
 *
 * The caller holds the database's lock and sees to it that no other statement changes the schema.
 */

#include "lib/cancel.h"
#include "migrations-reader/migrations.h"
#include "migrations-reader/planner.h"

struct apply_settings {
        struct planner_settings
                planner; /* with the database; its schema is not looked at: each migration reads it */
        struct cancel *cancel; /* or NULL; looked at between two migrations and two statements */
        /* Told before each statement, and what is worth a line in a log; may be NULL. */
        void (*progress)(void *context, const char *version, size_t statement, size_t statements);
        void (*log)(void *context, const char *sentence);
        void *context;
};

struct apply;
/* Reads the journal. Borrows what the settings point to. */
int apply_new(const struct apply_settings *settings, struct apply **ret, struct error *err) _must_check;
void apply_free(struct apply *apply);
DEFINE_CLEANUP(struct apply *, apply_free);

/* The version that was begun and has not ended, or NULL. Borrowed. */
const char *apply_under_way(const struct apply *apply);
/* Ends it: goes on at the statement where it stopped; with nothing to send where somebody has recorded it as
 * executed meanwhile. Nothing under way: 0. Reasons: migration_failed,
 * migration_interrupted, the database's. */
int apply_resume(struct apply *apply, struct error *err) _must_check;
/* Ends it without sending anything more: the caller says that its work is done. It is recorded as executed.
 */
int apply_mark_done(struct apply *apply, const char *version, struct error *err) _must_check;

/* Plans and runs one migration and records it. *ret: its plan. 1 when it can't be run without PHP (nothing
 * was sent; the plan's message tells why). Reasons as of apply_resume, and cancelled, stopping. */
int apply_migration(struct apply *apply, const char *version, const char *file, struct plan *ret,
        struct error *err) _must_check;

/* Leaves nothing of its own in the database when nothing is under way. */
int apply_finish(struct apply *apply, struct error *err) _must_check;
