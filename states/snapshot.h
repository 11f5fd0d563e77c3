/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What stands at one moment: what status, stages and watch are answered from, whatever the worker is doing.
 */

#include "lib/cleanup.h"
#include "states/downtime.h"
#include "states/machine.h"
#include "states/stage.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The package, fetched ahead of its stage. */
#define PREFETCH_STATES(X)                                                                                   \
        X(NONE, NULL) /* nothing was, or its stage has taken it */                                           \
        X(RUNNING, "running")                                                                                \
        X(DONE, "done")                                                                                      \
        X(FAILED, "failed")                                                                                  \
        X(STOPPED, "stopped")

enum prefetch_state {
#define X(name, text) PREFETCH_##name,
        PREFETCH_STATES(X)
#undef X
};
const char *prefetch_state_name(enum prefetch_state state); /* NULL: PREFETCH_NONE */

struct stage_snapshot {
        const char *name; /* static */
        const char *title; /* static */
        const char *error_code; /* static: what a failure of this stage is called */
        enum stage_state state;
        int attempts;
        int64_t started_ms, finished_ms;
        uint64_t done, total; /* of the running or last attempt */
        const char *unit; /* static, or NULL */
};

/* Immutable once published, counted references, any thread. */
struct snapshot {
        _Atomic unsigned references; /* snapshot.c's own */
        char *uuid; /* NULL while idle */
        char *root, *from_version, *to_version;
        enum upgrade_state state;
        enum boundary boundary; /* how far from its beginning the site is */
        bool files_only; /* of a rollback: the database stays, or stayed, as it is */
        char *backup_verification; /* FACT_BACKUP_VERIFICATION, JSON; NULL: not verified */
        bool waiting_for_user; /* interrupted on request or resume = ask: does not go on by itself */
        int64_t started_ms, finished_ms;
        struct downtime downtime;
        const char *stage; /* the stage at work, failed, or where an interrupted upgrade stands; else NULL */
        struct {
                const char *code; /* "ERR_…" or NULL: no error */
                const char *reason; /* "disk_full" */
                char *message;
                char **acceptable; /* ids that resume may accept; NULL: none */
        } error;
        struct stage_snapshot *stages;
        size_t stage_count;
        struct {
                uint64_t done, total;
                const char *unit; /* static; NULL: the backups are not being deleted */
        } cleaned;
        struct {
                enum prefetch_state state;
                uint64_t done, total; /* bytes; total 0: not known */
                enum reason reason; /* of the failure */
                char *message; /* which package it is, or why it failed or stopped; or NULL */
        } prefetch;
        uint64_t rate_per_s; /* of the running stage or of the deleting, smoothed; 0: not known */
        int64_t eta_ms; /* to its end; -1: not known */
        int64_t last_sequence; /* of the newest event */
        int64_t time_ms; /* when it was taken */
        int64_t activity_ms; /* when the worker last made progress */
};

/* An empty one with one reference, to be filled before anyone else sees it. */
struct snapshot *snapshot_new(size_t stage_count);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL is fine */
DEFINE_CLEANUP(struct snapshot *, snapshot_unref);

/* That of snapshot->stage; NULL: none is. Lives as long as the snapshot. */
const struct stage_snapshot *snapshot_current_stage(const struct snapshot *snapshot);

/* How much of something is done. */
struct snapshot_amount {
        uint64_t done, total; /* total 0: not known */
        const char *unit; /* static; NULL: nothing to tell */
};
/* Of the stage at work, or of the deleting of the backups. */
struct snapshot_amount snapshot_amount_at_work(const struct snapshot *snapshot);
