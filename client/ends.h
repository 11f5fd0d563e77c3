/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where an upgrade can come to rest, and what that means to who waited for it. */

#include "client/commands.h"

struct end {
        const char *state; /* as the API calls it */
        const char *on_the_way; /* the state that leads to it; NULL: none does */
        bool waits; /* only counts as an end while waiting_for_user */
        enum exit_code code;
        const char *text; /* a sentence for people */
};

/* The end that this status is, or NULL: not at its end yet. */
const struct end *end_of(const json_t *status);
/* Whether the status is one of the way back, at work, at rest or at its end. */
bool status_is_on_the_way_back(const json_t *status);
/* Whether the backups are being deleted right now, which no stage does. */
bool status_is_cleaning(const json_t *status);
/* What is at work, or was: "upgrade", "rollback", "deleting of the backups". */
const char *status_what(const json_t *status);
/* Whether a stage's state is one of being at work, in either direction. */
bool stage_is_at_work(const char *state);
/* The exit code for who waited for an upgrade that his command has left in `state` (NULL: no command):
 * somebody else may have led it elsewhere meanwhile. */
int end_code(const struct end *end, const char *state);
/* Says what has come of it; with --json the status. Returns code. */
int end_tell(const struct client *client, const struct end *end, int code, const json_t *status);
