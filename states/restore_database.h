/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The database's way back: what stands in the schema is dropped, and the proven backup is put in its place.
 *
 * With a db_table_prefix only tables, views, routines and events whose names begin with it are dropped and
 * restored; what else is in the schema belongs to others and is not touched. Without a prefix the whole
 * schema is the site's.
 */

#include "states/stage.h"

#include <stdbool.h>

/* Brings the database back to what was dumped. Nothing is dropped before the backup's hash has been compared
 * and its text has been read to its end. Journalled in the steps of context->stage; killed anywhere, the next
 * call does it again to the same end. Reasons: backup_missing, backup_incomplete, backup_unproven (what was
 * restored is not what the inventory says), those of the database. */
int restore_database(struct stage_context *context, struct error *err) _must_check;

/* Everything that restore_database looks at before its first drop, when there will be something to restore.
 */
int restore_database_can_begin(struct stage_context *context, struct error *err) _must_check;

/* The undo of a stage that may have changed the database: restores it when FACT_DATABASE_TOUCHED is "yes" and
 * FACT_ROLLBACK_FILES_ONLY is not. The site must be behind its gate. */
int restore_database_if_touched(struct stage_context *context, struct error *err) _must_check;
/* The same for a site that runs: the gate goes up before and down afterwards, when there is something to do.
 */
int restore_database_behind_gate(struct stage_context *context, struct error *err) _must_check;

/* Notes, before the first act that may change the database, that it is no longer the backup's. */
int restore_database_needed(struct stage_context *context, struct error *err) _must_check;

/* -1 with REASON_EVIDENCE_CONTRADICTS when the connection, or today's db_table_prefix, leads to other tables
 * than those the inventory is of. One that was made before prefixes were noted has none to compare. */
struct database;
struct inventory;
int restore_database_check_place(struct database *database, const struct inventory *inventory,
        const char *prefix, struct error *err) _must_check;

/* What a rollback would do to the database, for people to see before they confirm. */
struct database_preview_table {
        char *name;
        int64_t rows_then; /* in the backup; -1: it is not there */
        int64_t rows_now; /* -1: it is not there */
};
struct database_preview {
        char *backup_path; /* NULL: the database would not be restored, and nothing here is filled */
        uint64_t backup_size;
        int64_t backup_ms; /* when it was made, wall clock */
        struct database_preview_table *tables; /* those whose rows differ in number, by name */
        size_t count;
};
void database_preview_deinit(struct database_preview *preview);
#define _cleanup_database_preview_ _cleanup_(database_preview_deinit)

/* Any thread: opens a checkpoint reader, the site and a connection of its own, and counts rows (a big table
 * takes its time). -1 when the backup or the database can't be reached. */
struct cancel;
int restore_database_preview(const struct config *config, const char *state_path, struct cancel *cancel,
        struct database_preview *ret, struct error *err) _must_check;
