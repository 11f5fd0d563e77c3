/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What a migration sends to the database, in order. */

#include "migrations-reader/php/value.h"

/* One statement that a migration sends. */
struct planned_statement {
        char *sql; /* as addSql or the connection got it */
        size_t size;
        char *parameters; /* JSON: an array or an object; "[]" when none */
        char *bound; /* with the parameters in it: what a server gets */
        size_t bound_size;
        unsigned line; /* of the call in the migration's file; 0: by Doctrine itself, from changes of $schema
                        */
        bool direct; /* a write made outside addSql: sent while the migration is evaluated */
};
struct planned_statements {
        struct planned_statement *items;
        size_t count;
};
/* Adds a copy; parameters: a PHP array or null. */
void planned_statements_add(struct planned_statements *statements, const char *sql, size_t size,
        struct php_value parameters, const char *bound, size_t bound_size, unsigned line, bool direct);
/* Moves all of `from` behind those of `to`. */
void planned_statements_move(struct planned_statements *to, struct planned_statements *from);
void planned_statements_deinit(struct planned_statements *statements);
/* A PHP value as JSON (arrays with keys 0, 1, 2 … become arrays), owned by the caller. */
char *php_value_json(struct php_value value);
