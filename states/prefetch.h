/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The package, fetched ahead of its stage on a thread of its own: beside the stages in front of that one, or
 * before the start.
 *
 * The thread has no checkpoint, whose writer is the worker alone. It changes the state folder only, under
 * download_package's own names, and says in a note what it has found (states/package_note.h). The stage waits
 * for it, judges what lies there by hash, and journals it as its own; what the thread could not do the stage
 * does, and fails, if it must, with its own code. So a kill at any moment is one of the thread's or one of
 * the stage's, and both go on from the same files.
 *
 * It ends, soon, when the upgrade fails, is cancelled or stopped, and before anything is taken back or
 * deleted.
 */

#include "lib/error.h"
#include "states/stage.h"

struct runner;

/* What the thread does: context has no checkpoint and no runner. Whole when it returns 0. */
int download_package_ahead(struct stage_context *context, struct error *err) _must_check;

/* Sets out to fetch the package before the start; returns when that has begun, or is under way already. How
 * far it has come is in the snapshot. REASON_REFUSED_IN_STATE where no upgrade can be started. Any thread. */
int runner_prefetch(struct runner *runner, struct error *err) _must_check;
/* Stops it, soon; the next one, or the stage, goes on with what has come. REASON_REFUSED_IN_STATE when
 * nothing is fetched, or for an upgrade that runs: cancel is for that. Any thread. */
int runner_prefetch_cancel(struct runner *runner, struct error *err) _must_check;
