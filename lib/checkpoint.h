/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The checkpoint: one SQLite file that says how far the upgrade has come.
 *
 * WAL with synchronous=FULL: when a function has returned 0, what it recorded survives a power cut. The file
 * is CHECKPOINT_FILE in the state folder, mode 0600, its layout versioned by PRAGMA user_version.
 * Only the worker thread writes; any other thread opens its own handle with checkpoint_open_reader.
 * A handle is for one thread at a time. Failing to write: REASON_CHECKPOINT_UNWRITABLE (disk_full is kept as
 * it is); a transaction that failed in its middle takes no more and commits nothing. The words for states are
 * states/machine.h's; this module stores them as text, bytes as they are.
 */

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

#define CHECKPOINT_FILE "checkpoint.sqlite3"

struct checkpoint;

/* Opens or makes the checkpoint. state_path is the absolute path of the state folder.
 * A damaged file (header, PRAGMA quick_check, layout, a log that lost commits, also an empty file: a new
 * checkpoint is renamed into place whole) is renamed to checkpoint.sqlite3.damaged-<UTC time> with its -wal,
 * and -1 with REASON_CHECKPOINT_DAMAGED comes back, now and at each later call while such a file lies beside
 * a missing checkpoint. A newer user_version: REASON_CHECKPOINT_NEWER, file untouched. */
int checkpoint_open(const char *state_path, struct checkpoint **ret, struct error *err) _must_check;
/* Read-only handle; sees each commit of the writer's, and never waits for it. 1 when there is no checkpoint
 * yet. A damaged one is an error and stays where it is. */
int checkpoint_open_reader(const char *state_path, struct checkpoint **ret, struct error *err) _must_check;
void checkpoint_close(struct checkpoint *checkpoint);
DEFINE_CLEANUP(struct checkpoint *, checkpoint_close);

/* One transaction around several calls; without them each call is its own. Not nestable. */
int checkpoint_begin(struct checkpoint *checkpoint, struct error *err) _must_check;
int checkpoint_commit(struct checkpoint *checkpoint, struct error *err) _must_check;
void checkpoint_rollback(struct checkpoint *checkpoint); /* nothing to do outside a transaction */

/* The upgrade: one row at most. Times are wall-clock milliseconds, 0: not yet. Strings are owned by the
 * struct when loaded, borrowed when saved; NULL is stored as NULL. */
struct upgrade_record {
        char *uuid;
        char *root;
        char *from_version;
        char *to_version;
        char *state;
        int64_t started_ms;
        int64_t finished_ms;
};
void upgrade_record_deinit(struct upgrade_record *record);
int checkpoint_load_upgrade(struct checkpoint *checkpoint, struct upgrade_record *ret, struct error *err)
        _must_check; /* 1: none */
int checkpoint_save_upgrade(
        struct checkpoint *checkpoint, const struct upgrade_record *record, struct error *err) _must_check;
/* Forgets the upgrade with all its stages, steps, artifacts and facts; events stay, and of the stage `keep`
 * (NULL: none) the steps that are not done, whose work is still to be done. */
int checkpoint_clear_upgrade(struct checkpoint *checkpoint, const char *keep, struct error *err) _must_check;

struct stage_record {
        char *name;
        char *state;
        int attempts;
        int64_t started_ms; /* of the first attempt */
        int64_t finished_ms; /* of the last one */
        char *error_code; /* "ERR_…", reason and message of the last failure, else NULL */
        char *reason;
        char *message;
        uint64_t done; /* progress when last saved */
        uint64_t total;
};
void stage_record_deinit(struct stage_record *record);
int checkpoint_load_stage(struct checkpoint *checkpoint, const char *name, struct stage_record *ret,
        struct error *err) _must_check; /* 1: none */
int checkpoint_save_stage(struct checkpoint *checkpoint, const struct stage_record *record, struct error *err)
        _must_check;

/* Facts of this upgrade by name: accepted warnings, the folder name chosen for the backup, … */
int checkpoint_get_fact(struct checkpoint *checkpoint, const char *name, char **ret, struct error *err)
        _must_check; /* 1: none */
int checkpoint_set_fact(struct checkpoint *checkpoint, const char *name, const char *value, struct error *err)
        _must_check;

/* The journal inside a stage: the intent before the act, the evidence after it. number counts from 0 in
 * the order of doing; action and detail are the stage's own words (detail: JSON or plain text). */
struct step_record {
        int64_t number;
        char *action;
        char *detail;
        bool done;
        char *evidence; /* NULL until done */
};
struct step_list {
        struct step_record *items;
        size_t count;
};
void step_list_deinit(struct step_list *list);
int checkpoint_add_step(struct checkpoint *checkpoint, const char *stage, const char *action,
        const char *detail, int64_t *ret_number, struct error *err) _must_check;
int checkpoint_finish_step(struct checkpoint *checkpoint, const char *stage, int64_t number,
        const char *evidence, struct error *err) _must_check;
int checkpoint_load_steps(struct checkpoint *checkpoint, const char *stage, struct step_list *ret,
        struct error *err) _must_check;
int checkpoint_clear_steps(struct checkpoint *checkpoint, const char *stage, struct error *err) _must_check;

/* A file that a stage made and a later one trusts by size and hash. */
struct artifact_record {
        char *name; /* "database_backup", "package" */
        char *path; /* absolute */
        uint64_t size;
        char *sha256; /* lower-case hex */
};
void artifact_record_deinit(struct artifact_record *record);
int checkpoint_load_artifact(struct checkpoint *checkpoint, const char *name, struct artifact_record *ret,
        struct error *err) _must_check; /* 1: none */
int checkpoint_save_artifact(
        struct checkpoint *checkpoint, const struct artifact_record *record, struct error *err) _must_check;

/* The log of what happened. sequence rises by one with each event and is never used again (one that was
 * rolled back or not committed counts as never used: tell nobody of it before the commit). */
struct event_record {
        int64_t sequence;
        int64_t time_ms;
        char *type; /* "upgrade", "stage", "log" */
        char *level; /* "info", "warning", "error" */
        char *stage; /* NULL: none */
        char *text;
        char *fields; /* JSON object with what else is known, or NULL */
};
struct event_list {
        struct event_record *items;
        size_t count;
};
void event_list_deinit(struct event_list *list);
int checkpoint_add_event(struct checkpoint *checkpoint, const struct event_record *event,
        int64_t *ret_sequence, struct error *err) _must_check;
/* Events with a sequence above `after`, oldest first, at most limit. */
int checkpoint_load_events(struct checkpoint *checkpoint, int64_t after, size_t limit, struct event_list *ret,
        struct error *err) _must_check;

/* The newest one's sequence; 0: there is none. */
int checkpoint_last_event(struct checkpoint *checkpoint, int64_t *ret, struct error *err) _must_check;
/* All that the checkpoint holds, by table, as it stands at one moment: {"upgrade": [{column: value}], "stage": […], "step",
 * "artifact", "fact", "event"}; of each table the last `rows` rows, and in "left_out" how many are not among
 * them. Owned by the caller. */
struct json_t;
int checkpoint_export(struct checkpoint *checkpoint, int64_t rows, struct json_t **ret, struct error *err)
        _must_check;

#define _cleanup_upgrade_record_ _cleanup_(upgrade_record_deinit)
#define _cleanup_stage_record_ _cleanup_(stage_record_deinit)
#define _cleanup_step_list_ _cleanup_(step_list_deinit)
#define _cleanup_artifact_record_ _cleanup_(artifact_record_deinit)
#define _cleanup_event_list_ _cleanup_(event_list_deinit)
