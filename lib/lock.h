/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Locks that the kernel holds (flock(2)), so that they die with their holders.
 *
 * A folder's descriptor is handed on to child processes (struct process_options.keep_fds): while a child of a
 * killed daemon still works on the site, no other daemon gets the lock. A file's is the daemon's alone: who
 * finds it free and the folder locked knows that only such children are left.
 */

#include "lib/error.h"

#include <stdint.h>

/* Takes an exclusive lock on the folder dir_fd stands for, on a descriptor of its own: *ret_fd, released by
 * closing it (in every process that has it). Tries until patience_ms have gone by; then -1 with
 * REASON_LOCKED. name is for the message. */
int lock_folder(int dir_fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err)
        _must_check;
/* The same on the file `name` in that folder, which is made when it is not there and stays. */
int lock_file(int dir_fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err) _must_check;
