/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Between the files of lib/database*.c, for nobody else. */

#include "lib/database.h"

#include <mysql.h>

struct database {
        MYSQL *mysql;
        char *place; /* "localhost:3306" or "the socket /run/…", for messages */
        struct database_parameters parameters; /* for a second connection beside one that waits */
        struct database_watch watch;
        bool unwatched; /* it is such a second connection */
        char *holders; /* who kept the last statement waiting, or NULL */
        int socket_fd; /* a duplicate, for other threads: the library may close its own at any time; or -1 */
};

/* err from what the server, or the client library, said last. Returns -1. */
int database_fail(struct database *database, struct error *err);
/* Sends a statement and waits for its answer; *ret_broken_off: a cancel had it killed. */
int database_send(struct database *database, const char *sql, size_t size, bool *ret_broken_off,
        struct error *err) _must_check;

/* Waits until the server answers the statement that was sent. *ret_broken_off: a cancel had it killed. */
void database_await(struct database *database, const char *sql, size_t size, bool *ret_broken_off);

/* Behind err's message: who holds the lock that this statement has waited for. */
void database_name_holders(struct database *database, const char *sql, size_t size, struct error *err);
/* Who holds, as far as it can be seen through `asked`, what the statement of connection `waiting` wants.
 * Never NULL; owned by the caller. */
char *database_describe_holders(struct database *asked, unsigned long waiting, const char *sql, size_t size);

/* Migrations put comments in front of statements. Whether the statement begins with one of the verbs (the
 * last one is NULL). */
bool database_statement_is(const char *sql, const char *const *verbs);
const char *database_skip_comments(const char *sql);
extern const char *const database_schema_verbs[]; /* ALTER, CREATE, … */
