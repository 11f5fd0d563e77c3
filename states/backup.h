/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The backup that backup_database has made, for those who do nothing without one. */

#include "states/backup_inventory.h"
#include "states/stage.h"

/* 0 only when the stage has ended well, its dump is recorded, is there, and has the recorded size and hash.
 * Anything else is REASON_BACKUP_MISSING with what is wrong. */
int backup_require(struct stage_context *context, struct artifact_record *ret, struct error *err) _must_check;
/* The same while the stage itself is still at work. */
int backup_find(struct stage_context *context, struct artifact_record *ret, struct error *err) _must_check;

/* The inventory that was taken with the recorded backup; it has its recorded hash, else
 * REASON_BACKUP_MISSING. */
int backup_load_inventory(
        struct checkpoint *checkpoint, int state_fd, struct inventory *ret, struct error *err) _must_check;
