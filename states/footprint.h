/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What of the site's root is not in any stage's journal: its time of last change, upgrade_log.txt, and the
 * names in it. Taken before the start has touched anything, put back as the last act of a rollback.
 */

#include "lib/checkpoint.h"
#include "lib/error.h"
#include "lib/files.h"

/* The text of FACT_FOOTPRINT; owned by the caller. */
int footprint_take(int root_fd, char **ret, struct error *err) _must_check;

/* Moves the lines that this upgrade wrote from the root's upgrade_log.txt to `log` in the state folder, and
 * gives that file (when it was there before the start) and the root their former times. May be killed and
 * called again. From the call on, FACT_UPGRADE_LOG says that the log is in the state folder. 1: something
 * that is no file stands at the log's name; it stays as it is. */
int footprint_restore(struct checkpoint *checkpoint, int root_fd, int state_fd, const char *log,
        struct error *err) _must_check;

/* Adds the names in the root that were not there when the footprint was taken, the upgrade's own among them.
 * Any thread, with a checkpoint of its own. */
int footprint_find_new(struct checkpoint *checkpoint, int root_fd, struct string_list *ret, struct error *err)
        _must_check;
