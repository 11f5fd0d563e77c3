/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The site's own console, run with the configured PHP. */

#include "lib/memory.h"
#include "lib/process.h"
#include "states/stage.h"

enum console {
        CONSOLE_MAUTIC_2, /* app/console */
        CONSOLE_MAUTIC_3, /* bin/console */
};

/* Runs one command: php ROOT/…/console ARGUMENTS --no-interaction --env=prod --no-debug, in the root, with
 * the locks kept open, under php.timeout and the stage's cancel. arguments ends with NULL; ret may be NULL
 * when the output is not wanted. Any status but 0 is REASON_PROGRAM_FAILED with the end of the output, or the
 * database's reason that stands in it (lib/database.h), or disk_full or read_only where the site's file
 * system is; others: program_missing, timed_out, cancelled, stopping. The database's password is taken out of
 * messages. */
int console_run(struct stage_context *context, enum console console, const char *const *arguments,
        struct process_result *ret, struct error *err) _must_check;

/* The same; *ret gets all that it prints, which must not be more than limit bytes. */
int console_capture(struct stage_context *context, enum console console, const char *const *arguments,
        size_t limit, struct buffer *ret, struct error *err) _must_check;

/* The same for a command of two words or more that works on the database and must not be torn apart. It goes
 * on when this daemon is killed (with the locks, so that the next one waits for it), and a cancel or a stop
 * waits for its end; php.timeout alone ends it. When it has failed and the database can't be reached, that is
 * the reason. */
int console_run_to_end(struct stage_context *context, enum console console, const char *const *arguments,
        struct process_result *ret, struct error *err) _must_check;

#define NAME_MAUTIC_3_CACHE "var/cache"
/* Throws away what Mautic 3's consoles have put into var/cache: after a kill it may be half a container,
 * after a power cut one of empty files, as PHP syncs nothing. Either makes each further console fail. */
int console_empty_cache(struct stage_context *context, struct error *err) _must_check;
