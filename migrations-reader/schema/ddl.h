/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A statement of DDL on its way: read into a definition first (what the server's parser refuses), then tried
 * on the snapshot in the server's order of checks, so that the first refusal is the server's, too. Nothing
 * is changed before the last check.
 */

#include "migrations-reader/schema/column_default.h"
#include "migrations-reader/schema/schema_private.h"

struct ddl {
        struct schema *schema;
        struct sql_cursor cursor;
        unsigned number; /* of the refusal; 0: none */
        char *message; /* of the refusal or of the first doubt */
        char *bad_default; /* a column with a default that is no value of its type: refused behind the keys */
        bool doubtful; /* something is not followed exactly */
        bool verbatim; /* a dump's SHOW CREATE form: expressions are the server's own */
};
/* All return false, so that `return ddl_refuse(…)` reads well. */
bool ddl_refuse(struct ddl *ddl, unsigned number, const char *format, ...) _printf(3, 4);
bool ddl_doubt(struct ddl *ddl, const char *format, ...) _printf(2, 3);
bool ddl_syntax(struct ddl *ddl); /* what stands at the cursor is not known here: a doubt */

/* [database .] table; NULL with a doubt: none, or of another database. */
char *ddl_take_table(struct ddl *ddl);
bool ddl_take_if_exists(struct ddl *ddl);
bool ddl_take_if_not_exists(struct ddl *ddl);

struct planned_foreign_key {
        char *name; /* NULL: the server's */
        char *index_name;
        char **columns;
        char *table;
        char **table_columns;
        const char *on_update, *on_delete;
        bool if_not_exists;
};

struct column_spec {
        char *name;
        struct type_spec type;
        struct default_spec default_value;
        char *comment;
        char *expression; /* of a generated column; NULL: not known */
        char **expression_columns;
        char *check; /* NULL: not known */
        bool null, not_null, auto_increment, primary, unique, generated, stored, has_check, on_update,
                invisible;
        unsigned on_update_precision;
        /* of ALTER TABLE */
        char *old_name; /* of MODIFY and CHANGE */
        char *after;
        bool first, if_exists, if_not_exists;
};

enum planned_key_kind { PLANNED_PLAIN, PLANNED_UNIQUE, PLANNED_PRIMARY, PLANNED_FULLTEXT, PLANNED_SPATIAL };

struct planned_key {
        enum planned_key_kind kind;
        struct schema_index index; /* name and type may be NULL */
        bool generated; /* for a foreign key */
        bool kept; /* of the table as it was */
        bool if_not_exists;
        bool ignored; /* another one serves the foreign key */
};

struct planned_check {
        char *name; /* NULL: the server's */
        char *expression; /* NULL: not known */
        bool if_not_exists;
};

/* What stands in the parentheses of CREATE TABLE, or behind ADD, MODIFY and CHANGE. */
struct table_definition {
        struct column_spec *columns;
        size_t column_count;
        struct planned_key *keys;
        size_t key_count;
        struct planned_foreign_key *foreign_keys;
        size_t foreign_key_count;
        struct planned_check *checks;
        size_t check_count;
};
void table_definition_deinit(struct table_definition *definition);
void planned_key_deinit(struct planned_key *key);

/* [name] type attributes [FIRST | AFTER name]; name given: it was read before. */
bool read_column(struct ddl *ddl, struct table_definition *definition, char *name);
/* A column, key or constraint. */
bool read_definition(struct ddl *ddl, struct table_definition *definition);
/* Whether a key or constraint, not a column, comes. */
bool at_key(const struct ddl *ddl);
/* ( column [(length)] [ASC | DESC], … ) [options] */
bool read_key_parts(struct ddl *ddl, struct planned_key *key);
/* Adds it, with the key that the server makes for a foreign key. */
void add_planned_key(struct table_definition *definition, struct planned_key key);

struct table_options {
        char *engine, *charset, *collation, *comment, *row_format;
        bool has_row_format; /* NULL is ROW_FORMAT=DEFAULT */
        bool convert; /* CONVERT TO CHARACTER SET */
        bool has_auto_increment;
        uint64_t auto_increment;
};
void table_options_deinit(struct table_options *options);
/* One option; false without a word when none stands here. */
bool read_option(struct ddl *ddl, struct table_options *options);
bool finish_options(struct ddl *ddl, struct table_options *options);

/* A table as it is going to be. */
struct planned_column {
        const struct column_spec *spec; /* NULL: kept */
        struct schema_column column;
        const struct schema_column *old; /* NULL: new */
};

struct table_plan {
        struct schema_table *table; /* name and options are set, the rest is filled from the lists */
        const struct schema_table *old; /* NULL: new */
        struct planned_column *columns;
        size_t column_count;
        struct planned_key *keys;
        size_t key_count;
};
void table_plan_deinit(struct table_plan *plan);

/* The column of a spec for a table with this character set; its doubts and refusals. */
bool make_column(struct ddl *ddl, const struct column_spec *spec, const struct schema_table *table,
        struct schema_column *ret);
void add_planned_column(struct table_plan *plan, struct planned_column column);
struct planned_column *find_planned_column(const struct table_plan *plan, const char *name);
/* Check columns and keys as the server does and fill plan->table with them, the keys sorted. */
bool finish_columns(struct ddl *ddl, struct table_plan *plan);
bool finish_keys(struct ddl *ddl, struct table_plan *plan);
/* 1072 for a foreign key on a column that is not there: refused before anything else. */
bool check_foreign_columns(
        struct ddl *ddl, const struct table_plan *plan, const struct table_definition *definition);
/* What the server finds when it opens the new table: defaults and expressions. */
bool check_values(struct ddl *ddl, const struct table_plan *plan);
bool add_checks(struct ddl *ddl, struct schema_table *table, const struct table_definition *definition);

/* Puts the foreign keys into the table; old: as it was before, or NULL. */
bool add_foreign_keys(struct ddl *ddl, struct schema_table *table, const struct table_definition *definition,
        const struct schema_table *old);
/* Those that the server named after the old name of the table. */
void rename_foreign_keys(struct schema_table *table, const char *old);
void sort_foreign_keys(struct schema_table *table);
/* The index begins with these columns, whole ones and in this order. */
bool index_covers(const struct schema_index *index, char *const *columns);
/* The foreign keys of this table and of others on it still have their indexes and columns. */
bool check_foreign_keys(struct ddl *ddl, const struct schema_table *old, const struct schema_table *new,
        const struct table_plan *plan);
/* Other tables' foreign keys follow a renamed table or column. */
void rename_referenced_table(struct schema *schema, const char *old, const char *new);
void rename_referenced_column(struct schema *schema, const char *table, const char *old, const char *new);
/* Another table with a foreign key on this one; NULL: none. */
const struct schema_foreign_key *find_reference(
        const struct schema *schema, const char *table, const struct schema_table **ret_table);

bool apply_create_table(struct ddl *ddl, bool replace);
bool apply_alter_table(struct ddl *ddl);
bool apply_create_index(struct ddl *ddl, enum planned_key_kind kind);
bool apply_drop_index(struct ddl *ddl);
bool apply_rename(struct ddl *ddl, const char *old, const char *new);

/* The statement alone; SCHEMA_UNCERTAIN does not mark its tables yet. */
enum schema_effect apply_statement(struct schema *schema, const struct sql_cursor *statement, bool verbatim,
        unsigned *ret_number, char **ret_message);
