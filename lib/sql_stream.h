/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * SQL text cut into statements while it streams, as the client programs mariadb and mysql cut it when they
 * read a dump: DELIMITER lines, quotes, comments, and what `SET sql_mode = '…'` changes about quotes. What is
 * inside of an executable comment is read like the rest.
 * Source: client/mysql.cc of MariaDB 10.11 (add_line, with --binary-mode).
 */

#include "lib/error.h"

#include <stddef.h>

#define SQL_STATEMENT_LIMIT ((size_t)1280 * 1024 * 1024) /* a server takes 1 GiB at most */

struct sql_stream;

/* Gets each statement without its delimiter, comments that belong to it included, a NUL behind it; what has
 * none but blanks is left out. */
typedef int sql_statement_function(const char *sql, size_t size, void *userdata, struct error *err);

struct sql_stream *sql_stream_new(sql_statement_function *on_statement, void *userdata);
/* A failure of on_statement is returned; after one the stream can only be freed. A statement over the limit:
 * REASON_BACKUP_INCOMPLETE. */
int sql_stream_feed(struct sql_stream *stream, const void *data, size_t size, struct error *err) _must_check;
/* The text ends here. What is open still (quotes, a comment): REASON_BACKUP_INCOMPLETE. */
int sql_stream_finish(struct sql_stream *stream, struct error *err) _must_check;
void sql_stream_free(struct sql_stream *stream);
DEFINE_CLEANUP(struct sql_stream *, sql_stream_free);
