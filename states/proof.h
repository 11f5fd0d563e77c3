/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The proofs of the stages (struct stage's prove): what a stage that has succeeded left, looked at cheaply
 * before an upgrade that had stopped goes on. Each returns 0, or -1 with REASON_EVIDENCE_CONTRADICTS, what
 * was seen and what was expected.
 *
 * They know what later stages take away or move on, and what people do: as soon as visitors are let in to
 * Mautic 3 its files are theirs, and only what the way back needs is looked at.
 */

#include "states/stage.h"

/* The dump and its inventory, by size and hash. */
int prove_backup_database(struct stage_context *context, struct error *err) _must_check;
/* The package, as long as it is still to be extracted. */
int prove_download_package(struct stage_context *context, struct error *err) _must_check;
/* Names and sizes in mautic-3-temp-files, as long as they are not moved. */
int prove_extract_package(struct stage_context *context, struct error *err) _must_check;
/* Mautic 2's things, and until Mautic 3 is live those of Mautic 3, by the journal's inodes. */
int prove_move_files(struct stage_context *context, struct error *err) _must_check;
/* New = 0, read without PHP. A database that can't be reached proves nothing either way: whoever needs it
 * will say so. */
int prove_migrate_mautic_2(struct stage_context *context, struct error *err) _must_check;
int prove_migrate_mautic_3(struct stage_context *context, struct error *err) _must_check;
/* What was brought over is at its goals, until Mautic 3 is live. */
int prove_restore_user_data(struct stage_context *context, struct error *err) _must_check;
/* The gate is lifted. */
int prove_build_cache(struct stage_context *context, struct error *err) _must_check;
/* Mautic 2's files are where they were put. */
int prove_cleanup_files(struct stage_context *context, struct error *err) _must_check;

/* Notes, as the last act of extract_package, what prove_extract_package looks for. */
int proof_note_extracted(struct stage_context *context, struct error *err) _must_check;

/* Whether Mautic 3 is, or is about to be, let in to. */
int proof_mautic_3_is_live(struct stage_context *context, bool *ret, struct error *err) _must_check;
/* Whether a stage was ever begun; whether it is done. */
int proof_stage_was_begun(
        struct stage_context *context, const struct stage *stage, bool *ret, struct error *err) _must_check;
int proof_stage_is_done(
        struct stage_context *context, const struct stage *stage, bool *ret, struct error *err) _must_check;
