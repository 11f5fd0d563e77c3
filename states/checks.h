/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The checks of preflight, as data and functions that change nothing on the site: no file is made for a try,
 * no statement writes, no console runs. Used by the stage (worker thread) and by POST /v1/preflight (a job on
 * libuv's pool), in the middle of an upgrade too: nothing here is shared between threads.
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

struct checks_options {
        const struct config *config;
        const char *state_path; /* absolute: where backup and package will lie */
        struct cancel *cancel;
        const int *keep_fds; /* locks for child processes; NULL: none */
        size_t keep_count;
        void (*on_progress)(size_t done, size_t total, void *userdata); /* may be NULL */
        void *userdata;
};

/* Runs every check, in the table's order; a check that can't be made is a finding too. -1 only when
 * cancelled. */
int checks_run(const struct checks_options *options, struct findings *ret, struct error *err) _must_check;

/* {"time":"2026-11-22T16:23:15.123Z","errors":0,"warnings":1,"findings":[{"id":…,"severity":…,"seen":…,
 * "advice":…|null},…]}: what the fact preflight_findings holds and the API answers. Owned by the caller. */
char *findings_to_json(const struct findings *findings);

/* The i-th id, NULL behind the last. */
const char *checks_id(size_t index);

/* Whether each can be accepted: the id of a check, or of what a stage asks about later (states/facts.h). Else
 * REASON_INVALID_ARGUMENT with those that can. */
int checks_know_ids(const char *const *ids, size_t count, struct error *err) _must_check;
