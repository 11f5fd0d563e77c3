/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The rule for errors.
 *
 * A function that can fail takes `struct error *err` last, returns 0 on success and -1 on failure, and on
 * failure has filled *err with a reason and a sentence. Each layer adds what it was doing:
 *
 *         if (file_read(dir, name, LIMIT, &text, &size, err) < 0)
 *                 return error_wrap(err, "reading %s", name);
 *
 * What a caller must decide on (not found, end of file) is a positive result of that function's own, never
 * an error. Outputs are named ret_… and untouched on failure. err is never NULL.
 */

#include "lib/cleanup.h"
#include "lib/reasons.h"

#include <stdarg.h>

struct error {
        enum reason reason;
        int number; /* the errno value or the server's error number behind it; 0: none */
        char *message; /* one sentence that names the thing, without a full stop; owned */
        char **acceptable; /* ids, see error_accept; owned */
};

void error_deinit(struct error *err);
#define _cleanup_error_ _cleanup_(error_deinit)

/* All of these return -1, so that `return error_set(…)` reads well. A former content is released. */
int error_set(struct error *err, enum reason reason, const char *format, ...) _printf(3, 4);
/* The reason is found from the errno value (ENOSPC and EDQUOT: disk_full, EACCES and EPERM:
 * permission_denied, …) and its text is added behind the sentence. */
int error_set_errno(struct error *err, int number, const char *format, ...) _printf(3, 4);
/* Puts "format: " before the message. */
int error_wrap(struct error *err, const char *format, ...) _printf(2, 3);

/* Adds an id that a person who has looked may accept (resume --accept ID), so that what failed goes on all
 * the same. */
int error_accept(struct error *err, const char *id);

/* Puts "***" for each place of secret in the message, also for one that PHP's stack traces cut ("'the first
 * 15 by...'"). NULL and "" hide nothing. */
void error_hide(struct error *err, const char *secret);

/* Moves *from (left empty) into *to. */
void error_move(struct error *to, struct error *from);
/* The sentence, never NULL. */
const char *error_message(const struct error *err);
