/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the client says: results on stdout, what is wrong on stderr. Whatever came from the daemon is made fit
 * for a terminal here. */

#include "client/connection.h"

enum exit_code {
        EXIT_DONE = 0,
        EXIT_COMMAND_FAILED = 1,
        EXIT_USAGE = 2,
        EXIT_UPGRADE_FAILED = 3, /* the upgrade stands failed */
        EXIT_NOT_REACHED = 4,
        EXIT_REFUSED = 5, /* in this state, or for this user */
};

/* "mautic-upgradectl: …" on stderr. */
void complain(const char *format, ...) _printf(1, 2);

/* A member of an object as text fit for a terminal, owned by the caller; "" when it is not there or null. */
char *member_text(const json_t *object, const char *name);
/* The same, with line feeds kept. */
char *member_lines(const json_t *object, const char *name);
json_int_t member_integer(const json_t *object, const char *name); /* 0 when not there */
/* Milliseconds since 1970 of a time as the API writes it; 0 when not there. */
int64_t member_time_ms(const json_t *object, const char *name);

/* "12.3 MB" or "1,234 files"; "1 min 12 s". Owned by the caller. */
char *format_amount(uint64_t amount, const char *unit);
char *format_duration(uint64_t milliseconds);
/* "47 %, 30.1 of 64.0 MB, 2.1 MB/s, 16 s left", from the API's progress; "" for null. Owned by the caller. */
char *format_progress(const json_t *progress);

/* "proven: 120 tables with 4,000 rows were restored and compared", from a verification of the API's; null:
 * "not proven". Owned by the caller. */
char *format_verification(const json_t *verification);

/* The failed upgrade: code, reason, message, what to do. */
void print_failure(FILE *file, const json_t *status);
/* Prints the daemon's problem on stderr and returns the exit code for it. */
int report_problem(const struct reply *reply);
/* Prints the JSON as the API gave it. */
void print_raw(const struct reply *reply);
