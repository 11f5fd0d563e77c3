/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The upgrade as the runner holds it, and the one way it changes: a struct upgrade_change is applied to a
 * copy, the copy is saved in one transaction with the event that tells of it, and only then does it replace
 * what was there. What can't be saved has not happened.
 */

#include "lib/checkpoint.h"
#include "lib/error.h"
#include "lib/log.h"
#include "states/downtime.h"
#include "states/machine.h"
#include "states/progress.h"
#include "states/snapshot.h"
#include "states/stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct upgrade_stage {
        const struct stage *stage;
        enum stage_state state;
        int attempts;
        int64_t started_ms, finished_ms;
        enum reason reason; /* of the last failure, with message; REASON_NONE: none */
        char *message;
        uint64_t done, total;
        const char *unit; /* static, or NULL */
};

struct upgrade {
        char *uuid; /* NULL while idle */
        char *root, *from_version, *to_version;
        enum upgrade_state state;
        bool waiting_for_user;
        bool files_only; /* of the rollback: the database stays as it is */
        int64_t started_ms, finished_ms;
        struct upgrade_stage *stages;
        size_t stage_count;
        struct downtime downtime;
        size_t current; /* the stage at work, failed or to go on with; stage_count: none */
        struct {
                enum error_code code;
                enum reason reason;
                char *message;
                char **acceptable; /* ids, see error_accept */
        } problem; /* why it stands failed; ERR_NONE: it does not */
};

/* An idle upgrade of that table of stages (ends with NULL, static). */
void upgrade_init(struct upgrade *upgrade, const struct stage *const *table, const char *root);
void upgrade_deinit(struct upgrade *upgrade);
void upgrade_copy(struct upgrade *ret, const struct upgrade *from);
#define _cleanup_upgrade_ _cleanup_(upgrade_deinit)

/* Fills an idle one from the checkpoint, when that holds an upgrade. REASON_CONFIGURATION_INVALID when it is
 * the upgrade of another root, REASON_CHECKPOINT_NEWER when it holds words that this version doesn't know. */
int upgrade_load(struct upgrade *upgrade, struct checkpoint *checkpoint, struct error *err) _must_check;

#define NO_STAGE SIZE_MAX

struct upgrade_change {
        int64_t time_ms;
        bool moves; /* whether the upgrade's state moves, by event */
        enum upgrade_event event;
        size_t stage; /* index of the stage whose state changes, or NO_STAGE */
        enum stage_state stage_state;
        const struct error *error; /* with EVENT_STAGE_FAILED */
        enum error_code code; /* with EVENT_STAGE_FAILED; ERR_NONE: the stage's own */
        bool files_only; /* with EVENT_ROLLBACK */
        const char *footprint; /* with EVENT_START: FACT_FOOTPRINT */
        bool waiting_for_user; /* with EVENT_INTERRUPT */
        const char *uuid, *from_version; /* with EVENT_START */
        const char *accepted; /* the new FACT_ACCEPTED_WARNINGS, NULL: as it was */
        enum log_level level;
        const char *text; /* the event's sentence */
};

/* The stage that a rollback takes back next: the last one that was begun and is not undone; stage_count:
 * none. */
size_t upgrade_next_to_undo(const struct upgrade *upgrade);
/* How far from its beginning the site is now. */
enum boundary upgrade_boundary(const struct upgrade *upgrade);

/* In memory alone. REASON_INTERNAL when the machine refuses the event. */
int upgrade_apply(struct upgrade *upgrade, const struct upgrade_change *change, struct error *err)
        _must_check;
/* The word a change is told by: the upgrade's new state when it moves, else the stage's. */
const char *upgrade_change_word(const struct upgrade *changed, const struct upgrade_change *change);
/* Saves the changed upgrade and the change's event in one transaction. */
int upgrade_save(const struct upgrade *changed, const struct upgrade_change *change,
        struct checkpoint *checkpoint, int64_t *ret_sequence, struct error *err) _must_check;
/* Saves the numbers of one stage alone. */
int upgrade_save_stage(const struct upgrade_stage *stage, struct checkpoint *checkpoint, struct error *err)
        _must_check;

struct snapshot *upgrade_snapshot(const struct upgrade *upgrade, const struct progress_meter *meter);
