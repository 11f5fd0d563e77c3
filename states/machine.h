/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The state machine, pure: no I/O, no time. One function moves the state (machine_move); the whole table is
 * tested.
 */

#include <stdbool.h>

#define UPGRADE_STATES(X)                                                                                    \
        X(IDLE, "idle", "no upgrade has been started")                                                       \
        X(RUNNING, "running", "a stage is at work")                                                          \
        X(FAILED, "failed", "a stage failed; resume tries it again")                                         \
        X(INTERRUPTED, "interrupted", "stopped inside or between stages; resume goes on")                    \
        X(FINISHED, "finished", "every stage is done")                                                       \
        X(ROLLING_BACK, "rolling_back", "the site is being brought back to where it was before the start")   \
        X(ROLLBACK_FAILED, "rollback_failed", "a stage could not be taken back; rollback tries it again")    \
        X(ROLLBACK_INTERRUPTED, "rollback_interrupted", "stopped on the way back; rollback goes on")         \
        X(ROLLED_BACK, "rolled_back", "the site is as it was before the start")                              \
        X(CLEANING, "cleaning", "the backups are being deleted")                                             \
        X(CLEAN_FAILED, "clean_failed", "not all backups could be deleted; clean tries it again")            \
        X(CLEAN_INTERRUPTED, "clean_interrupted", "stopped while backups were deleted; clean goes on")       \
        X(CLEANED, "cleaned", "the backups are deleted, there is no way back any more")

#define STAGE_STATES(X)                                                                                      \
        X(PENDING, "pending")                                                                                \
        X(RUNNING, "running")                                                                                \
        X(SUCCEEDED, "succeeded")                                                                            \
        X(SKIPPED, "skipped")                                                                                \
        X(FAILED, "failed")                                                                                  \
        X(UNDOING, "undoing") /* on the way back; also when that failed or was interrupted */                \
        X(UNDONE, "undone")

/* What moves the upgrade. The first group are a client's commands. */
#define UPGRADE_EVENTS(X)                                                                                    \
        X(START, "start")                                                                                    \
        X(RESUME, "resume")                                                                                  \
        X(CANCEL, "cancel")                                                                                  \
        X(ROLLBACK, "rollback")                                                                              \
        X(CLEAN, "clean")                                                                                    \
        X(STAGE_FAILED, "stage_failed")                                                                      \
        X(INTERRUPT, "interrupt") /* cancelled, stopping, or found running at the start of the daemon */     \
        X(ALL_DONE, "all_done")

enum upgrade_state {
#define X(name, text, meaning) UPGRADE_##name,
        UPGRADE_STATES(X)
#undef X
};
enum stage_state {
#define X(name, text) STAGE_##name,
        STAGE_STATES(X)
#undef X
};
enum upgrade_event {
#define X(name, text) EVENT_##name,
        UPGRADE_EVENTS(X)
#undef X
};

const char *upgrade_state_name(enum upgrade_state state);
const char *upgrade_state_meaning(enum upgrade_state state);
const char *stage_state_name(enum stage_state state);
const char *upgrade_event_name(enum upgrade_event event);
/* False when there is no such name; *ret is untouched then. */
bool upgrade_state_from_name(const char *name, enum upgrade_state *ret);
bool stage_state_from_name(const char *name, enum stage_state *ret);

/* True, and *state moved, when the event is allowed in that state. */
bool machine_move(enum upgrade_state *state, enum upgrade_event event);
bool machine_allows(enum upgrade_state state, enum upgrade_event event);
/* True on the way back, at work or not. */
bool machine_is_rollback(enum upgrade_state state);
/* True while the backups are deleted, at work or not, until they are. */
bool machine_is_clean(enum upgrade_state state);
/* True when the worker is at it, in whichever direction. */
bool machine_is_at_work(enum upgrade_state state);
/* True for what stopped in the middle, and goes on when it is told to. */
bool machine_is_interrupted(enum upgrade_state state);
/* What a client may command, in the order of the alphabet. */
extern const enum upgrade_event upgrade_commands[];
extern const unsigned upgrade_command_count;
