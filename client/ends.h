/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where an upgrade can come to rest, and what that means to who waited for it. */

#include "client/output.h"

struct end {
        const char *state; /* as the API calls it */
        const char *on_the_way; /* the state that leads to it; NULL: none does */
        bool waits; /* only counts as an end while waiting_for_user */
        enum exit_code code;
        const char *text; /* a sentence for people */
};

/* The end that this status is, or NULL: not at its end yet. */
const struct end *end_of(const json_t *status);
/* Whether this end is one that a command leads to that has left the upgrade in `state`; true for NULL. */
bool end_is_wanted(const struct end *end, const char *state);
