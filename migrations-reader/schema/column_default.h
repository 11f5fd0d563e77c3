/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A column's DEFAULT: as SQL writes it, and as COLUMN_DEFAULT tells it afterwards. */

#include "migrations-reader/schema/column_types.h"

enum default_kind {
        DEFAULT_NONE,
        DEFAULT_NULL,
        DEFAULT_STRING,
        DEFAULT_NUMBER, /* with its sign */
        DEFAULT_BOOLEAN, /* "1" or "0" */
        DEFAULT_BITS, /* b'01' */
        DEFAULT_BYTES, /* x'41' */
        DEFAULT_NOW,
        DEFAULT_EXPRESSION,
};

struct default_spec {
        enum default_kind kind;
        char *text; /* of a string, number, bits; an expression as the server writes it, or NULL: not known */
        unsigned precision; /* of NOW */
};
void default_spec_deinit(struct default_spec *spec);

/* Behind the word DEFAULT. False: it is none. */
bool default_spec_read(
        struct sql_cursor *cursor, const struct database_server *server, struct default_spec *ret);
/* [CURRENT_TIMESTAMP | NOW | LOCALTIME …] [( [digits] )]; false: none of these. */
bool take_now(struct sql_cursor *cursor, unsigned *ret_precision);
/* "current_timestamp(3)", as this server tells it; owned by the caller. */
char *now_text(const struct database_server *server, unsigned precision);

enum default_result {
        DEFAULT_RENDERED,
        DEFAULT_REFUSED, /* 1067: not a value of this type */
        DEFAULT_DOUBTFUL, /* what the server makes of it is not known here */
};
/* COLUMN_DEFAULT for a column of this type; *ret may become NULL (none). */
enum default_result default_spec_render(const struct default_spec *spec, const char *column_type,
        bool nullable, const struct database_server *server, char **ret);
/* A server of the kind that tells COLUMN_DEFAULT as SQL ('x', NULL): MariaDB 10.2.7. */
bool defaults_are_quoted(const struct database_server *server);
