/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A database's schema as the server tells it: read in a handful of queries, or from the CREATE TABLE
 * statements of a dump, and moved on by the DDL that migrations send. Raw facts of information_schema; what
 * Doctrine makes of them is doctrine/'s part.
 * Sources: MariaDB 10.11 and MySQL 8.0 manuals, "INFORMATION_SCHEMA COLUMNS, STATISTICS,
 * REFERENTIAL_CONSTRAINTS, KEY_COLUMN_USAGE, TABLES"; SHOW CREATE TABLE.
 */

#include "lib/database.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema_column {
        char *name;
        char *type; /* COLUMN_TYPE: "varchar(191)", "int(10) unsigned", "enum('a','b')" */
        char *default_value; /* COLUMN_DEFAULT as the server gives it: MariaDB 10.2.7+ "'x'", "NULL",
                                "current_timestamp()"; older and MySQL: the bare text. NULL: none */
        char *extra; /* EXTRA: "auto_increment", "on update current_timestamp()", "STORED GENERATED", "" */
        char *comment; /* "" when none */
        char *charset, *collation; /* NULL for types without */
        char *expression; /* of a generated column, or NULL */
        bool nullable;
};

struct schema_index_part {
        char *column;
        unsigned length; /* of a prefix; 0: the whole column */
        bool descending;
};

struct schema_index {
        char *name; /* "PRIMARY" for the primary key */
        char *type; /* "BTREE", "HASH", "FULLTEXT", "SPATIAL" */
        char *comment;
        struct schema_index_part *parts;
        size_t part_count;
        bool unique;
        bool made_by_foreign_key; /* the server made it for a constraint and drops it for a better one; from a
                                     dump or information_schema it is not known (false) */
};

struct schema_foreign_key {
        char *name;
        char **columns; /* ends with NULL */
        char *table; /* the referenced one */
        char **table_columns; /* ends with NULL, as many as columns */
        char *on_update, *on_delete; /* "RESTRICT", "CASCADE", "SET NULL", "NO ACTION" */
};

struct schema_check {
        char *name; /* of a column's own one: the column's name */
        char *expression; /* as the server writes it */
        bool of_column;
};

struct schema_table {
        char *name;
        char *engine, *charset, *collation, *comment; /* comment "" when none */
        char *row_format; /* as CREATE_OPTIONS tells it, or NULL */
        uint64_t auto_increment; /* 0: none */
        struct schema_column *columns; /* in their order */
        size_t column_count;
        struct schema_index *indexes; /* in SHOW INDEX's order */
        size_t index_count;
        struct schema_foreign_key *foreign_keys; /* in the server's order */
        size_t foreign_key_count;
        struct schema_check *checks; /* in the server's order; MariaDB's json_valid() of a JSON column too */
        size_t check_count;
        bool uncertain; /* a statement on it could not be followed: its content is not to be relied on */
};

struct schema {
        char *database; /* its name; "" from a dump without one */
        char *charset, *collation; /* the database's defaults */
        struct database_server server; /* from a dump: as its header tells, else MariaDB 10.11 */
        struct schema_table **tables; /* base tables in order of name, as the server lists them */
        size_t count;
        char **views; /* names, ends with NULL */
        bool lower_case; /* lower_case_table_names is not 0: names compare without case */
        bool implicit_timestamps; /* explicit_defaults_for_timestamp is off */
        bool strict; /* sql_mode has STRICT_TRANS_TABLES or STRICT_ALL_TABLES */
        bool no_foreign_key_checks; /* the session's SET FOREIGN_KEY_CHECKS = 0 */
};
void schema_free(struct schema *schema);
DEFINE_CLEANUP(struct schema *, schema_free);
struct schema *schema_copy(const struct schema *schema);

/* At most eight queries, whatever the number of tables. */
int schema_read(struct database *database, struct schema **ret, struct error *err) _must_check;

/* Reads the text of a dump by mariadb-dump, mysqldump or this project (plain text; the caller unpacks).
 * CREATE TABLE, ALTER TABLE, CREATE INDEX, DROP, RENAME, CREATE VIEW count, INSERTs of `rows_of` (or NULL:
 * none) are kept as rows (its first column's values into *ret_values, ends with NULL), others are passed over
 * without being held in memory. Errors tell the line. */
int schema_read_dump(const char *text, size_t size, const char *rows_of, struct schema **ret,
        char ***ret_values, struct error *err) _must_check;

const struct schema_table *schema_find_table(const struct schema *schema, const char *name);
/* Column and index names compare without case, as the server does. NULL: there is none. */
const struct schema_column *schema_find_column(const struct schema_table *table, const char *name);
const struct schema_index *schema_find_index(const struct schema_table *table, const char *name);
const struct schema_foreign_key *schema_find_foreign_key(const struct schema_table *table, const char *name);

enum schema_effect {
        SCHEMA_CHANGED, /* followed exactly */
        SCHEMA_SAME, /* the statement changes no schema (UPDATE, INSERT, SELECT, SET, …) */
        SCHEMA_REFUSED, /* the server would refuse it: number and message as MariaDB's (1054, 1091, 1050,
                           1146, 1061 …) */
        SCHEMA_UNCERTAIN, /* it changes the schema in a way that is not followed: its tables are marked
                             uncertain */
};
/* Applies one SQL text, which may hold several statements, comments and a trailing `;`. message: for REFUSED
 * and UNCERTAIN a sentence, owned by the caller; else NULL. The result is that of the first statement that is
 * refused (then nothing behind it is applied), else UNCERTAIN before CHANGED before SAME. */
enum schema_effect schema_apply(
        struct schema *schema, const char *sql, size_t size, unsigned *ret_number, char **ret_message);

/* What a statement touches: names of tables that it reads or writes, unqualified, as written;
 * NULL-terminated, owned by the caller. *ret_certain false when it could not be told for sure (a procedure
 * call, …). */
char **schema_statement_tables(const char *sql, size_t size, bool *ret_certain);
/* The first word of a statement, upper case: "SELECT", "ALTER"; "" for none. `word` has room for 16 bytes. */
void schema_statement_verb(const char *sql, size_t size, char word[16]);
/* Splits a text into statements (comments, quotes and the trailing ; taken care of; DELIMITER is not SQL):
 * each as offset and size; returns their number. Owned by the caller. */
struct schema_statement {
        size_t offset, size;
};
size_t schema_split(const char *sql, size_t size, struct schema_statement **ret);

/* True when both tables are the same in all that DDL can set (AUTO_INCREMENT's counter does not count).
 * either may be NULL: there is none. */
bool schema_table_equal(const struct schema_table *left, const struct schema_table *right);
/* The table in words for a person, one line per column, index and foreign key; owned by the caller. */
char *schema_table_text(const struct schema_table *table);
