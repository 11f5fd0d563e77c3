/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A dump of one schema without a program: rows are read by several connections, big tables in ranges of their
 * primary key, and compressed where they are read. The text is what mariadb-dump's is to those who restore
 * it (the plain client, states/dump_replay.h): sequences; each table with its rows, then its triggers;
 * placeholders for views; events; routines; the views. Everything of one table stands together, and the same
 * data gives the same text.
 *
 * One moment: until each connection has begun its snapshot the server's commits are held up (MariaDB from
 * 10.5, with RELOAD: BACKUP STAGE BLOCK_COMMIT), or writes to the schema's own tables (others: LOCK TABLES …
 * READ), for a few seconds at most. Where the user has neither right, or the lock can't be had in time, or
 * the server has no connections to spare, one connection reads all. Tables of engines without transactions
 * are read whole, each in one statement, as they are at that time; so does mariadb-dump --single-transaction.
 * As nobody can write to such a table meanwhile, it is read when its text can be written, and not before.
 *
 * What it does better than mariadb-dump 10.11: FLOAT is written with all its digits; a DOUBLE's negative zero
 * stays negative; generated columns are left out of INSERT; nothing stands in executable comments, where a
 * body's own comments would end them; a view comes behind those that it is made of.
 *
 * Memory: a fixed share for each connection, QUEUE_LIMIT of compressed data that waits for its turn, and the
 * longest row (libmariadb keeps it in one piece).
 *
 * Sources: client/mysqldump.cc of MariaDB 10.11 (order of things, session variables, what is hexadecimal);
 * mariadb.com/kb: BACKUP STAGE, START TRANSACTION, Identifier Names, mariadb-dump; dev.mysql.com/doc: FLUSH,
 * LOCK TABLES, SHOW CREATE TRIGGER, information_schema COLUMNS (EXTRA).
 */

#include "lib/cancel.h"
#include "lib/compress.h"
#include "lib/database.h"
#include "states/dump_reader.h"

#include <stdint.h>

struct native_dump {
        const struct database_parameters *parameters;
        unsigned connections; /* for rows; 0: as many as this machine has processors, 2 to 4 */
        unsigned level; /* of zstd, 1 to COMPRESS_LEVEL_MAX */
        uint64_t range_size; /* bytes of a big table that one statement reads, about; 0: 16 MiB */
        uint64_t time_limit_ms; /* 0: none */
        struct cancel *cancel; /* may be NULL */
        /* From the calling thread; each may be NULL. */
        void (*on_progress)(uint64_t bytes, void *userdata); /* of text so far: ten times a second, also when
                                                            nothing came since */
        void (*tell)(void *userdata, const char *sentence); /* what a log should say: waits, one connection */
        void *userdata;
};

/*
 * Writes to fd (borrowed, not synced) zstd frames from where it stands; name is for messages. *ret_contents
 * is what was written: things as dump_reader sees them, rows as they were counted while they were. Reasons:
 * those of database_connect and database_query, of write(2), cancelled, stopping, timed_out.
 */
int native_dump(const struct native_dump *dump, int fd, const char *name, struct compress_total *ret,
        struct dump_contents *ret_contents, struct error *err) _must_check;
