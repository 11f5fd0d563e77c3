/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The runner: the worker thread that takes the upgrade through its stages, and the only writer of the
 * checkpoint. Commands go down (runner_command), snapshots come up (runner_snapshot); on_change says that
 * there is a new one.
 */

#include "lib/config.h"
#include "lib/error.h"
#include "states/machine.h"
#include "states/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stage;
struct stage_context;

struct runner_options {
        const struct config *config; /* borrowed until runner_free */
        const char *state_path; /* absolute, exists, belongs to this user; made 0700 */
        const struct stage *const
                *stages; /* which upgrade: ends with NULL, static; states/stages.h has one */
        void (*on_change)(
                void *userdata); /* any thread; at most about ten times a second for progress alone */
        /* The thread that calls runner_new waits for another process to let go, so long at most; may be NULL.
         */
        void (*on_wait)(uint64_t limit_s, void *userdata);
        void *userdata;
};

struct runner;

/* Takes the locks (waiting daemon.patience for another daemon, and php.timeout for the console of one that
 * was killed), opens the checkpoint, judges an interrupted run, starts the thread; with resume = auto an
 * interrupted upgrade goes on at once. Reasons: locked, checkpoint_…, not_mautic, permission_denied,
 * configuration_invalid (the state folder belongs to the upgrade of another root). */
int runner_new(const struct runner_options *options, struct runner **ret, struct error *err) _must_check;
/* Asks the stage to stop (CANCEL_BY_STOP), waits for the thread and releases everything. */
void runner_free(struct runner *runner);
DEFINE_CLEANUP(struct runner *, runner_free);
/* Asks the worker to stop and returns at once; on_change is called when it has: runner_stopped is true then.
 * Any thread. */
void runner_stop(struct runner *runner);
bool runner_stopped(struct runner *runner);
/* Any thread: whether the worker rests, waits for what may take its time (lib/pulse.h), or got on in the last
 * patience_ms. Else it is stuck. */
bool runner_lives(struct runner *runner, uint64_t patience_ms);
/* Any thread: whether it waits for a command, and none has come, and nothing is fetched ahead. */
bool runner_rests(struct runner *runner);

/* START, RESUME, CLEAN (accepted: ids of warnings, added to those accepted before) or CANCEL. START, RESUME
 * and CLEAN return when they are recorded in the checkpoint and the work begins; CANCEL when the stage is
 * told, and is recorded when it has stopped. REASON_REFUSED_IN_STATE names what is allowed. Any thread. Waits
 * for the disk (fsync), so not for an event loop. */
int runner_command(struct runner *runner, enum upgrade_event command, const char *const *accepted,
        size_t accepted_count, struct error *err) _must_check;

/* ROLLBACK; with files_only the database stays as it is. As runner_command. */
int runner_rollback(struct runner *runner, bool files_only, struct error *err) _must_check;

/* REASON_REFUSED_IN_STATE, with what that state is and allows. Always -1. */
int runner_refuse(enum upgrade_state state, enum upgrade_event command, struct error *err);

/* Runs work on the worker's thread, in the name of a stage that is in no table, and waits for its end
 * (perhaps for long). REASON_REFUSED_IN_STATE while the upgrade is running or other such work is; START and
 * RESUME are refused meanwhile. What such work leaves unfinished (its journal has a step that is not done) is
 * ended, by that stage's run, at the next start and before any other command. Any thread. */
typedef int runner_work_function(struct stage_context *context, void *userdata, struct error *err);
int runner_work(struct runner *runner, const struct stage *as, runner_work_function *work, void *userdata,
        struct error *err) _must_check;

/* The newest snapshot, a reference for the caller; never blocks for long. */
struct snapshot *runner_snapshot(struct runner *runner);
