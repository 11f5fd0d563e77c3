/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A copy of the migrations table in the state folder, for the time in which Doctrine may drop it: without its
 * rows every migration would be new, and run again.
 *
 *   migrations-table.json   the table's own CREATE statement and all its rows; stays when it is done with
 *
 * The step "keep" of context->stage is the intent, with the copy's hash; it is finished when every row is
 * back.
 */

#include "lib/database.h"
#include "lib/site.h"
#include "states/stage.h"

#define NAME_MIGRATIONS_TABLE "migrations-table.json"

/* Copies the table and records the step; *ret_rows is 0, and nothing recorded, when there is no table. */
int migrations_table_keep(struct stage_context *context, struct database *database,
        const struct site_settings *settings, size_t *ret_rows, struct error *err) _must_check;

/* True when a copy waits to be put back. */
int migrations_table_is_kept(struct stage_context *context, bool *ret, struct error *err) _must_check;

/* Makes the table when it is gone, adds the rows that are missing, leaves those that are there, and finishes
 * the step. May be called again after a kill at any instruction. *ret_rows: how many had to be added. Does
 * nothing without a step. REASON_EVIDENCE_CONTRADICTS when the copy was changed, or is of another database.
 */
int migrations_table_put_back(struct stage_context *context, struct database *database,
        const struct site_settings *settings, size_t *ret_rows, struct error *err) _must_check;
