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

/* How far a site is from where it began, worst last: what status says when an upgrade is cancelled or failed,
 * and what rollback will have to bring back. */
#define BOUNDARIES(X)                                                                                        \
        X(NOTHING_CHANGED, "nothing_changed", "Nothing on the site has been changed.")                       \
        X(MAUTIC_2_MIGRATED, "mautic_2_migrated",                                                            \
                "Mautic 2 is in service. Its own database migrations have been, or are being, applied.")     \
        X(FILES_SWAPPED, "files_being_swapped",                                                              \
                "Files are being swapped, visitors get the 503 page. The database is still Mautic 2's.")     \
        X(DATABASE_MIGRATED, "database_migrated",                                                            \
                "Files are swapped and the database is being, or has been, migrated to Mautic 3; visitors "  \
                "get the 503 page.")                                                                         \
        X(MAUTIC_3_LIVE, "mautic_3_live", "Mautic 3 is in service.")

enum boundary {
#define X(name, text, meaning) BOUNDARY_##name,
        BOUNDARIES(X)
#undef X
};
const char *boundary_name(enum boundary boundary);
const char *boundary_meaning(enum boundary boundary);

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
        struct runner *runner; /* NULL: what is told goes to the log alone */
        /* With no runner, who is told of progress; may be NULL. */
        void (*on_progress)(uint64_t done, uint64_t total, const char *unit, void *userdata);
        void *userdata;
};

#define STAGE_DONE 0
#define STAGE_SKIP 1 /* nothing was to do; the reason is told with stage_log */

struct stage {
        const char *name; /* "backup_database": in checkpoint, API and logs */
        const char *title; /* "Back up the database": for people */
        enum error_code error_code;
        /* STAGE_DONE, STAGE_SKIP, or -1 with *err. REASON_CANCELLED and REASON_STOPPING are no failures. */
        int (*run)(struct stage_context *context, struct error *err);
        /* Takes back what run did, or began to do; called for each stage that was ever begun, last stage
         * first. As run it may be killed anywhere and is then called again, so it judges from the journal and
         * from what is on disk. 0, or -1 with *err. NULL: run leaves nothing on the site. */
        int (*undo)(struct stage_context *context, struct error *err);
        /* Whether what the stage left is still there, cheaply; called for a stage that has succeeded before
         * an upgrade goes on. 0, or -1 with REASON_EVIDENCE_CONTRADICTS and what was seen. NULL: nothing to
         * look at. */
        int (*prove)(struct stage_context *context, struct error *err);
        enum boundary begins; /* what holds as soon as the stage has begun */
};

/* Progress for status and watch: cheap, call it as often as you like. unit: "bytes", "files", "migrations",
 * "checks", "steps" (static). total 0: not known. */
void stage_progress(struct stage_context *context, uint64_t done, uint64_t total, const char *unit);
/* After a fact was set that status tells of: it is told at once. Any other waits for the end of the stage. */
void stage_facts_changed(struct stage_context *context);
/* A sentence for the event log, stderr and upgrade_log.txt. */
void stage_log(struct stage_context *context, enum log_level level, const char *format, ...) _printf(3, 4);
