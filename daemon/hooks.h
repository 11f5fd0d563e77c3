/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * hooks.on_event: a command that is told what happens, one event at a time and in their order, on a thread of
 * its own. Nothing that it does or fails to do reaches the upgrade: the events' table is the queue, so nobody
 * waits for it. When it fails, that and the end of what it said are in the log.
 *
 * At least once: which event was told last stands in the state folder (HOOKS_MARK), written when the command
 * has ended, whatever its status. What was not told when the daemon died is told by the next one, and the one
 * that was being told is told again; its sequence number says so.
 */

#include "lib/config.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

#define HOOKS_MARK "hooks.delivered"

struct hooks_options {
        const struct config *config; /* borrowed, as all of this, until hooks_free */
        const char *site; /* its name */
        const char *state_path;
        uint64_t patience_ms; /* how long hooks_free waits for what is still to be told */
};

struct hooks;

/* Finds out from which event on to tell; *ret is NULL when no command is set. For a site that had none until
 * now this is the next event: call it before the runner makes events. Writes nothing. */
int hooks_new(const struct hooks_options *options, struct hooks **ret, struct error *err) _must_check;
/* Begins to tell. Needs the state folder to be locked by this daemon: what a predecessor has told since
 * hooks_new is not told again. NULL does nothing, in all of these. */
int hooks_start(struct hooks *hooks, struct error *err) _must_check;
/* There are events. Any thread, at once. */
void hooks_wake(struct hooks *hooks);
/* Any thread: whether all is told. */
bool hooks_rest(struct hooks *hooks);
/* Tells what is left as long as patience_ms allows, then ends the command that is running. */
void hooks_free(struct hooks *hooks);
DEFINE_CLEANUP(struct hooks *, hooks_free);

/* No command is set: one that is set later is not told of what happens until then. */
void hooks_forget(const char *state_path);
