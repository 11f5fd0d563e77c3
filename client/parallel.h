/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The same work for many, some at a time. */

#include <stdbool.h>
#include <stddef.h>

/* Calls work for each index from 0 to count - 1, in this order, on at most at_once threads (at least 1), and
 * returns when all are done. attend (may be NULL) is called on the caller's thread about ten times a second
 * meanwhile; once it returns false no further index is begun, and it is called no more. Where the system has
 * no thread left, those that there are do the work. */
void parallel_run(size_t count, size_t at_once, void (*work)(size_t index, void *userdata),
        bool (*attend)(void *userdata), void *userdata);
