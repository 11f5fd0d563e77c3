/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The database behind a migration that is only planned: what reads is asked of a server (or refused when
 * there is none), what writes is written down, in order, and never sent.
 */

#include "lib/database.h"
#include "lib/error.h"
#include "migrations-reader/php/interpret.h"

#include <stdbool.h>

struct sql_source {
        void *context;
        /* A SELECT, SHOW or the like, its parameters already in it: 0 with rows, 1 when there is no database
         * to ask (a schema dump), 2 when the rows would be changed by a write that is only planned (*ret_why:
         * the table's name, owned by the caller), -1 with err. */
        int (*read)(void *context, const char *sql, size_t size, struct database_rows *ret, char **ret_why,
                struct error *err);
        /* A write made outside addSql. params: a PHP array or null, borrowed. bound: the statement with its
         * parameters in it, as a server would get it. 0: written down; 1: a server would refuse it, *ret_why
         * its message (owned by the caller), which Doctrine throws; -1 with err. */
        int (*write)(void *context, const char *sql, size_t size, struct php_value params, const char *bound,
                size_t bound_size, unsigned line, char **ret_why, struct error *err);
        /* AUTO_INCREMENT's last value: 0 with its text, 1 while writes are only planned, -1 with err. */
        int (*last_insert_id)(void *context, char **ret, struct error *err);
        /* 'text' with quotes, escaped as the server's connection would; owned by the caller. Works without a
         * server. */
        char *(*quote)(void *context, const char *text, size_t size);
        const char *database; /* name, "" when unknown */
};

/* The statement with its parameters (a PHP array, by position or name) put in as literals, as Doctrine's
 * expansion of lists and PDO's emulated prepare do for these types (a PHP array or null): what a server gets.
 * Appended to `out`. For addSql with parameters too. Types that are not known here stop the run (needs_php).
 */
enum php_flow sql_bind(struct php_run *run, struct sql_source *source, const char *sql, size_t size,
        struct php_value params, struct php_value types, struct buffer *out) _must_check;
