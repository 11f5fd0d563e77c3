/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A request to stop that one thread makes and another sees: at its next look (cancel_check) or, when it
 * sleeps in poll(2), at once (cancel_fd). What it was asked for first holds; it can only be reset by the
 * owner between two runs.
 */

#include "lib/error.h"

#include <stdatomic.h>
#include <stdint.h>

enum cancel_kind {
        CANCEL_NONE,
        CANCEL_BY_USER, /* the user cancels the upgrade: REASON_CANCELLED */
        CANCEL_BY_STOP, /* the daemon stops: REASON_STOPPING */
};

struct cancel {
        _Atomic int kind;
        int event_fd; /* eventfd(2), readable once requested */
};

int cancel_init(struct cancel *cancel, struct error *err) _must_check;
void cancel_deinit(struct cancel *cancel);
/* Any thread, and signal handlers. */
void cancel_request(struct cancel *cancel, enum cancel_kind kind);
void cancel_reset(struct cancel *cancel);
/* Returns 0, or -1 with REASON_CANCELLED or REASON_STOPPING. cancel may be NULL: never cancelled. Who looks
 * gives a sign of life (lib/pulse.h). */
int cancel_check(struct cancel *cancel, struct error *err) _must_check;
/* The descriptor to poll for reading, or -1 for NULL. */
int cancel_fd(const struct cancel *cancel);
/* Sleeps; returns early with -1 when cancelled. */
int cancel_sleep(struct cancel *cancel, uint64_t milliseconds, struct error *err) _must_check;
