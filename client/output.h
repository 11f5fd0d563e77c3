/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the client says: results on stdout, what is wrong on stderr. Whatever came from the daemon is made fit
 * for a terminal here. */

#include "client/connection.h"

/* X(name, status, what it means) */
#define EXIT_CODES(X)                                                                                        \
        X(EXIT_DONE, 0, "done")                                                                              \
        X(EXIT_COMMAND_FAILED, 1,                                                                            \
                "the command failed, or the upgrade (its rollback, clean) waits for resume, or it ended "    \
                "elsewhere than where the command leads")                                                    \
        X(EXIT_USAGE, 2, "wrong command line")                                                               \
        X(EXIT_UPGRADE_FAILED, 3,                                                                            \
                "the upgrade, its rollback or clean stands failed: code, reason and remedy are printed")     \
        X(EXIT_NOT_REACHED, 4, "no daemon was reached: no socket, refused, or forbidden (told apart)")       \
        X(EXIT_REFUSED, 5, "refused in this state, or for this user, or not confirmed")                      \
        X(EXIT_TIMED_OUT, 124, "wait --timeout: the time is over, and the upgrade does not rest yet")        \
        X(EXIT_BY_SIGNAL, 130,                                                                               \
                "ended with Ctrl-C (another signal: 128 and its number); what was watched goes on")

enum exit_code {
#define X(name, status, text) name = status,
        EXIT_CODES(X)
#undef X
};
/* The table, for help texts; false behind the last. */
bool exit_describe(size_t index, int *ret_status, const char **ret_text);

/* From now on errors and notes are told as JSON. */
void output_as_json(void);

/* "mautic-upgradectl: …" on stderr, or {"note": "…"}: what is worth a note while the command goes on. */
void complain(const char *format, ...) _printf(1, 2);
/* Tells why the command has failed, on stderr: in words, or as a problem (RFC 9457) on one line. reason: one
 * word for programs; advice: what to do, or NULL. Returns code. */
int fail(enum exit_code code, const char *reason, const char *advice, const char *format, ...) _printf(4, 5);
/* The wrong command line, which help helps with. */
int fail_usage(const char *format, ...) _printf(1, 2);

/* A member of an object as text fit for a terminal, owned by the caller; "" when it is not there or null. */
char *member_text(const json_t *object, const char *name);
/* The same, with line feeds kept. */
char *member_lines(const json_t *object, const char *name);
/* The strings of a list, with ", " between, as text fit for a terminal; owned by the caller. */
char *member_names(const json_t *object, const char *name);
json_int_t member_integer(const json_t *object, const char *name); /* 0 when not there */
/* Milliseconds since 1970 of a time as the API writes it; 0 when not there. */
int64_t member_time_ms(const json_t *object, const char *name);

/* "12.3 MB" or "1,234 files". Owned by the caller. */
char *format_amount(uint64_t amount, const char *unit);
/* "Visitors got the 503 page for 4.2 s.", or have got it until now; NULL: status knows of none. */
char *format_downtime(const json_t *status);
/* The parts of what is said about progress (the API's, or null); "" where one is not known. */
struct progress_text {
        char *share; /* "47 %" */
        char *amount; /* "30.1 MB of 64.0 MB" */
        char *rate; /* "2.1 MB/s" */
        char *left; /* "16 s left" */
};
void progress_text_init(struct progress_text *text, const json_t *progress);
void progress_text_deinit(struct progress_text *text);
/* "47 %, 30.1 MB of 64.0 MB, 2.1 MB/s, 16 s left", from the API's progress; "" for null. Owned by the caller.
 */
char *format_progress(const json_t *progress);

/* "proven: 120 tables with 4,000 rows were restored and compared", from a verification of the API's; null:
 * "not proven". Owned by the caller. */
char *format_verification(const json_t *verification);

/* "being fetched ahead: 47 %, 30.1 MB of 64.0 MB", from the API's prefetch; "" for null. Owned by the caller.
 */
char *format_prefetch(const json_t *prefetch);

/* The failed upgrade: code, reason, message, what to do. */
void print_failure(FILE *file, const json_t *status);
/* Tells the daemon's problem on stderr, as fail does, and returns the exit code for it. */
int report_problem(const struct reply *reply);
/* Prints the JSON as the API gave it, and any other. */
void print_raw(const struct reply *reply);
void print_json(const json_t *value);
