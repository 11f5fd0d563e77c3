/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A column's type: as SQL writes it (INTEGER, BOOL, NATIONAL VARCHAR …), and as the server tells it
 * (COLUMN_TYPE). Source: MariaDB and MySQL manuals, "Data Types"; what they become was asked of a server.
 */

#include "migrations-reader/schema/sql_tokens.h"

enum type_kind {
        TYPE_INTEGER,
        TYPE_DECIMAL,
        TYPE_FLOAT,
        TYPE_DOUBLE,
        TYPE_BIT,
        TYPE_YEAR,
        TYPE_DATE,
        TYPE_TIME,
        TYPE_DATETIME,
        TYPE_TIMESTAMP,
        TYPE_CHAR,
        TYPE_VARCHAR,
        TYPE_BINARY,
        TYPE_VARBINARY,
        TYPE_TEXT,
        TYPE_BLOB,
        TYPE_ENUM,
        TYPE_SET,
        TYPE_GEOMETRY,
        TYPE_JSON, /* MySQL's; MariaDB's is a LONGTEXT */
        TYPE_OTHER, /* uuid, inet6, … */
};

/* As SQL writes it. */
struct type_spec {
        enum type_kind kind;
        const char *base; /* the server's word: "int", "double" */
        bool has_length, has_decimals;
        uint64_t length, decimals;
        bool is_unsigned, zerofill;
        char **values; /* of ENUM and SET */
        char *charset, *collation; /* given ones, by the server's names */
        bool binary; /* the BINARY attribute */
        bool is_json; /* MariaDB's LONGTEXT with json_valid() */
        bool is_serial;
};
void type_spec_deinit(struct type_spec *type);

enum type_result {
        TYPE_READ,
        TYPE_UNKNOWN, /* no type that is known here */
        TYPE_REFUSED, /* with number and message */
};
/* The type and the attributes that stand directly behind it; COLLATE may come later. */
enum type_result type_spec_read(struct sql_cursor *cursor, const struct database_server *server,
        const char *column, struct type_spec *ret, unsigned *ret_number, char **ret_message);
/* [CHARACTER SET | CHARSET] name and the like, COLLATE name, BINARY; false: none of these is there. */
bool type_spec_read_charset(struct sql_cursor *cursor, const struct database_server *server,
        struct type_spec *type, enum type_result *ret, unsigned *ret_number, char **ret_message);

/* The column's COLUMN_TYPE; its character set decides on some. Owned by the caller. */
char *type_spec_text(const struct type_spec *type, const struct database_server *server, const char *charset);

/* What COLUMN_TYPE says. */
struct type_facts {
        enum type_kind kind;
        unsigned bytes; /* of an integer; of a TEXT's or BLOB's length: 1 to 4 */
        unsigned length; /* in parentheses: characters, digits, … */
        unsigned decimals;
        bool has_decimals, is_unsigned, zerofill;
};
struct type_facts type_facts_of(const char *column_type);
bool type_is_text(enum type_kind kind); /* CHAR, VARCHAR, TEXT, ENUM, SET: with a character set */
bool type_is_blob(enum type_kind kind); /* TEXT, BLOB, JSON, GEOMETRY: an index needs a prefix */
/* The words of ENUM and SET; ends with NULL. */
char **type_values(const char *column_type);
/* "text" with a larger length word when `characters` of this width don't fit; owned by the caller. */
char *type_text_for(uint64_t bytes, bool blob);
