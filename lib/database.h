/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The site's database through libmariadb. A handle belongs to one thread. */

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

struct database_parameters {
        char *host; /* "localhost" means the Unix socket, as in PHP */
        unsigned port;
        char *unix_socket; /* NULL: the client library's own */
        char *name;
        char *user;
        char *password;
        unsigned timeout_s; /* for connecting; 0: 10 */
        unsigned answer_s; /* how long the server may be silent; 0: without end */
        unsigned lock_wait_s; /* for a table that another connection has locked; 0: 60 */
};
void database_parameters_deinit(struct database_parameters *parameters);

struct database;

/* Connects with utf8mb4, whatever the server makes of other clients, and no automatic reconnect. Reasons:
 * database_unreachable, database_access_denied. */
int database_connect(const struct database_parameters *parameters, struct database **ret, struct error *err)
        _must_check;
void database_close(struct database *database);
DEFINE_CLEANUP(struct database *, database_close);

/*
 * What happens while a statement waits for the server: once it has waited for another connection's lock for a
 * second, tell gets a sentence that says so and who holds the lock, as far as that can be seen. A cancel
 * breaks off a statement that waits for such a lock, that only reads, or that changes rows in a transaction;
 * any other is let end, since it would leave a part of its work behind.
 */
struct cancel;
struct database_watch {
        struct cancel *cancel; /* may be NULL */
        void (*tell)(void *userdata, const char *sentence); /* may be NULL */
        void *userdata;
};
void database_watch(struct database *database, const struct database_watch *watch);

/* The first connection of this schema, of other programs as well, that waits for a lock, as a sentence
 * without its full stop; owned by the caller. 1: none is seen to. */
int database_find_lock_wait(struct database *database, char **ret, struct error *err) _must_check;

/* When the server was started, in seconds of its own clock; that may be a second off from one call to the
 * next. */
int database_started_at(struct database *database, int64_t *ret, struct error *err) _must_check;
/* What the server has done is on the disk, with the names of its files: after a power cut MariaDB (10.11) can
 * have a table with the definition that it had before an ALTER TABLE, as it syncs the file and not its
 * folder. Only where it runs on this machine: there sync(2) needs no right to its files. */
void database_sync_server(struct database *database);

/* Rows as text; NULL is SQL NULL. Owned by the caller. */
struct database_rows {
        char **cells; /* row after row */
        size_t *sizes;
        char **names; /* of the columns, as the server heads them */
        size_t rows;
        size_t columns;
};
void database_rows_deinit(struct database_rows *rows);
const char *database_cell(const struct database_rows *rows, size_t row, size_t column);
#define _cleanup_database_rows_ _cleanup_(database_rows_deinit)

/* Error numbers of the server that tell more than their reason does. Source: mysqld_error.h. */
enum {
        SERVER_CANNOT_CREATE = 1005, /* ER_CANT_CREATE_TABLE */
        SERVER_PACKET_TOO_LARGE = 1153, /* ER_NET_PACKET_TOO_LARGE */
        SERVER_LOCK_WAIT_TIMEOUT = 1205, /* ER_LOCK_WAIT_TIMEOUT */
        SERVER_PRIVILEGE_DENIED = 1227, /* ER_SPECIFIC_ACCESS_DENIED_ERROR */
        SERVER_ROUTINE_UNSAFE = 1418, /* ER_BINLOG_UNSAFE_ROUTINE */
        SERVER_NO_SUCH_TABLE = 1146, /* ER_NO_SUCH_TABLE */
        SERVER_ROUTINE_NEEDS_SUPER = 1419, /* ER_BINLOG_CREATE_ROUTINE_NEED_SUPER */
        SERVER_TABLESPACE_EXISTS = 1813, /* ER_TABLESPACE_EXISTS */
};

/* What is behind an error number of the server (mysqld_error.h, mysys_err.h) or of its client library
 * (errmsg.h): database_unreachable, database_access_denied, database_lost, database_damaged, table_locked,
 * disk_full; REASON_NONE for any other. words: what stands behind the number, or NULL; for what can't be
 * written they alone tell why. */
enum reason database_reason(unsigned number, const char *words);
/* The same for the words of a PHP program: the last number that PDO or mysqli gave in them, as in
 * "SQLSTATE[HY000] [2002] …" or "SQLSTATE[HY000]: General error: 2006 …". */
enum reason database_reason_in_text(const char *text);

/* One statement. ret may be NULL when no rows are wanted. err->number is the server's error number; reasons:
 * database_lost, database_query_failed, database_access_denied (1044, 1142, 1227), database_damaged,
 * table_locked (1205), disk_full; cancelled and stopping by the connection's watch. */
int database_query(struct database *database, struct database_rows *ret, struct error *err,
        const char *format, ...) _must_check _printf(4, 5);
/* The same for a text of any bytes, which is sent as it is. */
int database_query_bytes(struct database *database, const char *sql, size_t size, struct database_rows *ret,
        struct error *err) _must_check;
/* The AUTO_INCREMENT value that the last statement made or was given, as PDO's lastInsertId tells it; 0:
 * none. */
uint64_t database_insert_id(struct database *database);
/* Asks the server whether it would take one statement, by preparing it: names are looked up, nothing is
 * executed. 1 with *ret_why (its message, owned by the caller) when it would not; what can't be prepared at
 * all counts as taken. */
int database_check(struct database *database, const char *sql, size_t size, char **ret_why, struct error *err)
        _must_check;
/* The first cell of the first row; 1 when there is no row or it is NULL. */
int database_query_value(struct database *database, char **ret, struct error *err, const char *format, ...)
        _must_check _printf(4, 5);

/*
 * The rows of one statement as they come, without a copy of them all: one row's memory, however many there
 * are. Until the stream is closed the connection takes no other statement.
 */
struct database_column {
        char *name;
        bool number; /* an integer, DECIMAL, FLOAT, DOUBLE or YEAR: its text is no string's */
        bool floating; /* FLOAT, DOUBLE */
        bool bytes; /* of no character set: BLOB, BINARY, BIT, spatial */
};
struct database_stream;
int database_stream_open(struct database *database, const char *sql, struct database_stream **ret,
        struct error *err) _must_check;
size_t database_stream_columns(const struct database_stream *stream, const struct database_column **ret);
/* The next row, valid until the next call; a cell is NULL for SQL NULL. 1: there is none. */
int database_stream_next(struct database_stream *stream, const char *const **ret_cells,
        const unsigned long **ret_sizes, struct error *err) _must_check;
/* What has not been read is read and thrown away: after an interruption that is at once. */
void database_stream_close(struct database_stream *stream);
DEFINE_CLEANUP(struct database_stream *, database_stream_close);
/* Any thread, while the handle is not closed: what waits for the server on this connection fails at once
 * (REASON_DATABASE_LOST), as does all that comes behind. */
void database_interrupt(struct database *database);

/* Bytes of data in the connection's schema, its indexes not counted, as the server estimates them. */
int database_data_size(struct database *database, uint64_t *ret, struct error *err) _must_check;

/* 'text' with quotes, escaped for this connection; `name` with backticks. Owned by the caller. */
char *database_quote(struct database *database, const char *text);
char *database_quote_bytes(struct database *database, const char *bytes, size_t size);
char *database_quote_name(const char *name);

struct database_server {
        bool mariadb;
        unsigned major, minor, patch;
        char text[128]; /* VERSION() */
};
int database_server_version(struct database *database, struct database_server *ret, struct error *err)
        _must_check;

/* GET_LOCK(name) on this connection; REASON_DATABASE_LOCKED when another holds it after patience_s. It is
 * held as long as the connection lives. */
int database_lock(struct database *database, const char *name, unsigned patience_s, struct error *err)
        _must_check;

/* The lock that whoever migrates these tables holds. Owned by the caller. */
char *database_upgrade_lock_name(const char *database, const char *prefix);

/* Waits until no other connection runs a statement that changes this schema's tables (ALTER, CREATE, DROP,
 * RENAME, TRUNCATE): what a killed console left running on the server. REASON_TIMED_OUT after patience_s. */
int database_wait_for_schema_changes(
        struct database *database, unsigned patience_s, struct cancel *cancel, struct error *err) _must_check;

/* The option file ([client] host, port, socket, user, password, default-character-set) for mariadb-dump and
 * mariadb, quoted so that every byte of a password survives. Owned by the caller; write it with mode 0600. */
char *database_option_file(const struct database_parameters *parameters);
