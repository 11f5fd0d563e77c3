/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The runner: the worker thread that takes the upgrade through its stages, and the only writer of the
 * checkpoint. Commands go down (runner_command), snapshots come up (runner_snapshot); on_change says that
 * there is a new one.
 */

#include "lib/config.h"
#include "lib/error.h"
#include "states/checks.h"
#include "states/machine.h"

#include <stdbool.h>
#include <stdint.h>

struct stage_snapshot {
        const char *name; /* static */
        const char *title; /* static */
        const char *error_code;
        enum stage_state state;
        int attempts;
        int64_t started_ms, finished_ms;
        uint64_t done, total; /* of the running or last attempt */
        const char *unit; /* static, or NULL */
};

/* What stands at one moment. Immutable once published, counted references, any thread. */
struct snapshot {
        unsigned references; /* atomic; runner's own */
        char *uuid; /* NULL while idle */
        char *root, *from_version, *to_version;
        enum upgrade_state state;
        bool waiting_for_user; /* interrupted on request or resume = ask: does not go on by itself */
        int64_t started_ms, finished_ms;
        const char *stage; /* the stage at work or failed, NULL: none */
        struct {
                const char *code; /* "ERR_…" or NULL: no error */
                const char *reason; /* "disk_full" */
                char *message;
        } error;
        struct stage_snapshot *stages; /* stage_count() of them */
        size_t stage_count;
        uint64_t rate_per_s; /* of the running stage, smoothed; 0: not known */
        int64_t eta_ms; /* to the end of the running stage; -1: not known */
        int64_t last_sequence; /* of the newest event */
        int64_t time_ms; /* when it was taken */
        int64_t activity_ms; /* when the worker last made progress */
};
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot); /* NULL is fine */
DEFINE_CLEANUP(struct snapshot *, snapshot_unref);

struct runner_options {
        const struct config *config; /* borrowed until runner_free */
        const char *state_path; /* absolute, exists */
        void (*on_change)(
                void *userdata); /* any thread; at most about ten times a second for progress alone */
        void *userdata;
};

struct runner;

/* Takes the locks, opens the checkpoint, judges an interrupted run, starts the thread; with resume = auto an
 * interrupted upgrade goes on at once. Reasons: locked, checkpoint_…, not_mautic, permission_denied. */
int runner_new(const struct runner_options *options, struct runner **ret, struct error *err) _must_check;
/* Asks the stage to stop (CANCEL_BY_STOP), waits for the thread and releases everything. */
void runner_free(struct runner *runner);
DEFINE_CLEANUP(struct runner *, runner_free);
/* Asks the worker to stop and returns at once; on_change is called when it has: runner_stopped is true then.
 */
void runner_stop(struct runner *runner);
bool runner_stopped(struct runner *runner);

/* START, RESUME (accepted: ids of preflight warnings, added to those accepted before) or CANCEL. Returns when
 * the command is recorded, before it is done. REASON_REFUSED_IN_STATE names what is allowed. Any thread. */
int runner_command(struct runner *runner, enum upgrade_event command, const char *const *accepted,
        size_t accepted_count, struct error *err) _must_check;

/* The newest snapshot, a reference for the caller; never blocks for long. */
struct snapshot *runner_snapshot(struct runner *runner);
