/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The checks of preflight, as data and functions that change nothing on the site. Used by the stage (worker
 * thread) and by POST /v1/preflight (a job on libuv's pool): nothing here is shared between threads.
 */

#include "lib/cancel.h"
#include "lib/config.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>

enum finding_severity { FINDING_OK, FINDING_WARNING, FINDING_ERROR };
const char *finding_severity_name(enum finding_severity severity); /* "ok", "warning", "error" */

struct finding {
        const char *id; /* "php_version": static, stable, what warnings are accepted by */
        enum finding_severity severity;
        char *seen; /* "PHP 8.2.7 at /usr/bin/php" */
        char *advice; /* what to do; NULL when ok */
};

struct findings {
        struct finding *items;
        size_t count;
};
void findings_deinit(struct findings *findings);
#define _cleanup_findings_ _cleanup_(findings_deinit)

/* Runs every check; a check that can't be made is a finding too. -1 only when cancelled or nothing can be
 * checked at all. on_progress may be NULL. */
int checks_run(const struct config *config, struct cancel *cancel,
        void (*on_progress)(size_t done, size_t total, void *userdata), void *userdata, struct findings *ret,
        struct error *err) _must_check;
