/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Locks that the kernel holds (flock(2) on a folder), so that they die with their holders.
 *
 * The descriptor is handed on to child processes (struct process_options.keep_fds): while a child of a
 * killed daemon still works on the site, no other daemon gets the lock.
 */

#include "lib/error.h"

#include <stdint.h>

/* Takes an exclusive lock on the folder dir_fd stands for, on a descriptor of its own: *ret_fd, released by
 * closing it (in every process that has it). Tries until patience_ms have gone by; then -1 with
 * REASON_LOCKED. name is for the message. */
int lock_folder(int dir_fd, const char *name, uint64_t patience_ms, int *ret_fd, struct error *err)
        _must_check;
