/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a stage is, and what it gets.
 *
 * A stage is straight-line, blocking code on the worker thread. It may be killed at any instruction and is
 * then run again from its top: so it journals an intent (checkpoint_add_step), acts, syncs, and records the
 * evidence (checkpoint_finish_step), and judges from what is on disk what is already done.
 */

#include "lib/cancel.h"
#include "lib/checkpoint.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/error_codes.h"
#include "lib/log.h"
#include "lib/site.h"

#include <stdint.h>

struct runner;

struct stage_context {
        const struct stage *stage;
        const struct config *config;
        struct checkpoint *checkpoint;
        struct cancel *cancel;
        struct site *site; /* opened anew for each stage; site->root_fd is the root */
        const char *state_path; /* absolute path of the state folder */
        int state_fd;
        const int *lock_fds; /* to hand to child processes (process_options.keep_fds) */
        size_t lock_count;
        struct runner *runner;
};

#define STAGE_DONE 0
#define STAGE_SKIP 1 /* nothing was to do; the reason is told with stage_log */

struct stage {
        const char *name; /* "backup_database": in checkpoint, API and logs */
        const char *title; /* "Back up the database": for people */
        enum error_code error_code;
        /* STAGE_DONE, STAGE_SKIP, or -1 with *err. REASON_CANCELLED and REASON_STOPPING are no failures. */
        int (*run)(struct stage_context *context, struct error *err);
};

/* Progress for status and watch: cheap, call it as often as you like. unit: "bytes", "files", "migrations",
 * "checks", "steps" (static). total 0: not known. */
void stage_progress(struct stage_context *context, uint64_t done, uint64_t total, const char *unit);
/* A sentence for the event log, stderr and upgrade_log.txt. */
void stage_log(struct stage_context *context, enum log_level level, const char *format, ...) _printf(3, 4);
