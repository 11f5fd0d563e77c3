/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The proof that the backup can be restored: it is restored, into a schema of its own on the same server,
 * and what came to be is compared with the inventory that was taken with the dump. Where that can't be done
 * (no right to make a schema, no room), the dump's structure is checked instead.
 *
 * The scratch schema's name is journalled before it is made, under backup_verify_stage; only such a one is
 * ever dropped. What a killed verification leaves is dropped at the next entry.
 */

#include "states/stage.h"

#include <stdbool.h>

enum backup_verdict {
        BACKUP_VERIFIED,
        BACKUP_STRUCTURE_ONLY, /* why: what kept it from being restored */
        BACKUP_FAILED, /* why: what differs */
};
const char *backup_verdict_name(enum backup_verdict verdict); /* "verified", "structure_only", "failed" */

struct backup_verification {
        enum backup_verdict verdict;
        char *why; /* NULL with BACKUP_VERIFIED */
        uint64_t tables, rows; /* compared */
        uint64_t duration_ms;
        int64_t time_ms; /* wall clock, when it ended */
        char *sha256; /* of the dump */
};
void backup_verification_deinit(struct backup_verification *verification);
#define _cleanup_backup_verification_ _cleanup_(backup_verification_deinit)

/* FACT_BACKUP_VERIFICATION: {"verdict", "why" (or null), "tables", "rows", "duration_ms", "time_ms",
 * "sha256"}. NULL when text is none of it. */
char *backup_verification_text(const struct backup_verification *verification);
bool backup_verification_read(const char *text, struct backup_verification *ret);

/* Verifies the recorded backup as backup.verify says ("no" counts as "auto" here) and saves the fact. 0 with
 * the verdict, also a bad one. With "yes", what keeps it from being restored is REASON_BACKUP_UNPROVEN. */
int backup_verify(struct stage_context *context, struct backup_verification *ret, struct error *err)
        _must_check;

/* Verifies the backup beside the stages (runner_work), whenever there is one. Any thread; waits for its end.
 */
struct runner;
int backup_verify_work(struct runner *runner, struct backup_verification *ret, struct error *err) _must_check;
/* In whose name that is done; its run drops what a killed one has left. In no table of stages. */
extern const struct stage backup_verify_stage;

/* Drops the scratch schemas that verifications have left: killed ones, and those that could not drop theirs.
 */
int backup_verify_clean(struct stage_context *context, struct error *err) _must_check;
