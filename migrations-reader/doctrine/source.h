/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The database behind a migration that is only planned: what reads is asked of a server (or refused when
 * there is none), what writes is written down, in order, and never sent.
 */

#include "lib/database.h"
#include "lib/error.h"
#include "migrations-reader/php/value.h"

#include <stdbool.h>

struct sql_source {
        void *context;
        /* A SELECT, SHOW or the like, its parameters already in it: 0 with rows, 1 when there is no database
         * to ask (a schema dump), 2 when the rows would be changed by a write that is only planned (*ret_why:
         * the table's name, owned by the caller), -1 with err. */
        int (*read)(void *context, const char *sql, size_t size, struct database_rows *ret, char **ret_why,
                struct error *err);
        /* A write made outside addSql. params: a PHP array or null; borrowed. */
        void (*write)(void *context, const char *sql, size_t size, struct php_value params, unsigned line);
        /* 'text' with quotes, escaped as the server's connection would; owned by the caller. Works without a
         * server. */
        char *(*quote)(void *context, const char *text, size_t size);
        const char *database; /* name, "" when unknown */
};
