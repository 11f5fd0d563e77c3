/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* An event as hooks.on_event gets it. Made from the event's row alone; no I/O here. */

#include "lib/checkpoint.h"
#include "lib/memory.h"

#include <stdbool.h>

struct notification {
        const char *event; /* static: "started", "stage", "failed", … */
        char *json; /* one object and a line feed, for standard input */
        char **environment; /* "MAUTIC_UPGRADED_…=…", ends with NULL */
};

/* False, and *ret untouched, for an event that nobody is notified of. */
bool notification_init(
        struct notification *ret, const struct event_record *event, const char *site, const char *root);
void notification_deinit(struct notification *notification);
#define _cleanup_notification_ _cleanup_(notification_deinit)
