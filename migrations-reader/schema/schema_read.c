/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "migrations-reader/schema/schema_private.h"

#include <string.h>

/* Rows come table by table, most often in the order of the tables: the last one is looked at first. */
struct reading {
        struct schema *schema;
        size_t last;
};

static struct schema_table *table_of(struct reading *reading, const char *name)
{
        struct schema *schema = reading->schema;
        for (size_t i = 0; name && i < schema->count; i++) {
                size_t at = (reading->last + i) % schema->count;
                if (strcmp(schema->tables[at]->name, name) == 0) {
                        reading->last = at;
                        return schema->tables[at];
                }
        }
        return NULL; /* a view, or a table made meanwhile */
}

static char *cell_copy(const struct database_rows *rows, size_t row, size_t column)
{
        return string_copy(database_cell(rows, row, column));
}

static bool cell_is(const struct database_rows *rows, size_t row, size_t column, const char *text)
{
        return string_equal(database_cell(rows, row, column), text);
}

static int read_session(struct schema *schema, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT DATABASE(), @@character_set_database, @@collation_database, "
                    "@@lower_case_table_names, @@explicit_defaults_for_timestamp, @@foreign_key_checks, "
                    "@@sql_mode LIKE '%%STRICT_%%'") < 0)
                return -1;
        schema->database = string_copy(database_cell(&rows, 0, 0) ?: "");
        schema->charset = cell_copy(&rows, 0, 1);
        schema->collation = cell_copy(&rows, 0, 2);
        schema->lower_case = !cell_is(&rows, 0, 3, "0");
        schema->implicit_timestamps = cell_is(&rows, 0, 4, "0");
        schema->no_foreign_key_checks = cell_is(&rows, 0, 5, "0");
        schema->strict = cell_is(&rows, 0, 6, "1");
        return 0;
}

/* "row_format=DYNAMIC max_rows=3" */
static char *row_format_of(const char *options)
{
        const char *found = options ? strcasestr(options, "row_format=") : NULL;
        if (!found)
                return NULL;
        found += strlen("row_format=");
        return memory_copy(found, strcspn(found, " "));
}

/* A collation's name begins with its character set's. */
static char *charset_of(const char *collation)
{
        return collation ? memory_copy(collation, strcspn(collation, "_")) : NULL;
}

static int read_tables(struct schema *schema, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT, CREATE_OPTIONS, "
                    "AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()") < 0)
                return -1;
        schema->tables = memory_new_array(rows.rows + 1, sizeof(struct schema_table *));
        for (size_t i = 0; i < rows.rows; i++) {
                const char *name = database_cell(&rows, i, 0);
                if (cell_is(&rows, i, 1, "VIEW"))
                        schema_add_view(schema, name);
                if (!cell_is(&rows, i, 1, "BASE TABLE") && !cell_is(&rows, i, 1, "SYSTEM VERSIONED"))
                        continue;
                struct schema_table *table = memory_new(sizeof *table);
                *table = (struct schema_table){
                        .name = string_copy(name),
                        .engine = cell_copy(&rows, i, 2),
                        .charset = charset_of(database_cell(&rows, i, 3)),
                        .collation = cell_copy(&rows, i, 3),
                        .comment = string_copy(database_cell(&rows, i, 4) ?: ""),
                        .row_format = row_format_of(database_cell(&rows, i, 5)),
                        .auto_increment = strtoull(database_cell(&rows, i, 6) ?: "0", NULL, 10),
                        .uncertain = cell_is(&rows, i, 1, "SYSTEM VERSIONED"),
                };
                schema_add_table(schema, table);
        }
        return 0;
}

static bool has_generated_columns(const struct database_server *server)
{
        return server->major * 100 + server->minor >= (server->mariadb ? 1002u : 507u);
}

static int read_columns(struct schema *schema, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, COLUMN_DEFAULT, EXTRA, COLUMN_COMMENT, "
                    "CHARACTER_SET_NAME, COLLATION_NAME, %s, IS_NULLABLE FROM information_schema.COLUMNS "
                    "WHERE TABLE_SCHEMA = DATABASE()%s",
                    has_generated_columns(&schema->server) ? "GENERATION_EXPRESSION" : "NULL",
                    /* MariaDB tells them table by table in their order; a sort takes as long as the reading.
                     */
                    schema->server.mariadb ? "" : " ORDER BY TABLE_NAME, ORDINAL_POSITION") < 0)
                return -1;
        struct reading reading = {.schema = schema};
        for (size_t i = 0; i < rows.rows; i++) {
                struct schema_table *table = table_of(&reading, database_cell(&rows, i, 0));
                if (!table)
                        continue;
                const char *expression = database_cell(&rows, i, 8);
                struct schema_column column = {
                        .name = cell_copy(&rows, i, 1),
                        .type = cell_copy(&rows, i, 2),
                        .default_value = cell_copy(&rows, i, 3),
                        .extra = string_copy(database_cell(&rows, i, 4) ?: ""),
                        .comment = string_copy(database_cell(&rows, i, 5) ?: ""),
                        .charset = cell_copy(&rows, i, 6),
                        .collation = cell_copy(&rows, i, 7),
                        .expression = expression && *expression ? string_copy(expression) : NULL,
                        .nullable = cell_is(&rows, i, 9, "YES"),
                };
                schema_table_add_column(table, column);
        }
        return 0;
}

static struct schema_index *last_index(struct schema_table *table)
{
        return table->index_count > 0 ? &table->indexes[table->index_count - 1] : NULL;
}

static int read_indexes(struct schema *schema, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, COLLATION, "
                    "INDEX_TYPE, INDEX_COMMENT FROM information_schema.STATISTICS "
                    "WHERE TABLE_SCHEMA = DATABASE()") < 0)
                return -1;
        struct reading reading = {.schema = schema};
        for (size_t i = 0; i < rows.rows; i++) {
                struct schema_table *table = table_of(&reading, database_cell(&rows, i, 0));
                if (!table)
                        continue;
                struct schema_index *index = last_index(table);
                if (!index || !cell_is(&rows, i, 1, index->name)) {
                        struct schema_index new = {
                                .name = cell_copy(&rows, i, 1),
                                .type = cell_copy(&rows, i, 6),
                                .comment = string_copy(database_cell(&rows, i, 7) ?: ""),
                                .unique = cell_is(&rows, i, 2, "0"),
                        };
                        schema_table_add_index(table, new);
                        index = last_index(table);
                }
                struct schema_index_part part = {
                        .column = string_copy(database_cell(&rows, i, 3) ?: ""), /* none: an expression */
                        .length = (unsigned)strtoul(database_cell(&rows, i, 4) ?: "0", NULL, 10),
                        .descending = cell_is(&rows, i, 5, "D"),
                };
                schema_index_add_part(index, part);
        }
        return 0;
}

static int read_key_columns(struct schema *schema, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, "
                    "REFERENCED_COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE "
                    "TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME IS NOT NULL") < 0)
                return -1;
        struct reading reading = {.schema = schema};
        for (size_t i = 0; i < rows.rows; i++) {
                struct schema_table *table = table_of(&reading, database_cell(&rows, i, 0));
                if (!table)
                        continue;
                const char *name = database_cell(&rows, i, 1);
                size_t at = 0;
                while (at < table->foreign_key_count && !string_equal(table->foreign_keys[at].name, name))
                        at++;
                if (at == table->foreign_key_count) {
                        struct schema_foreign_key new = {
                                .name = string_copy(name), .table = cell_copy(&rows, i, 3)};
                        schema_table_add_foreign_key(table, new);
                }
                struct schema_foreign_key *key = &table->foreign_keys[at];
                strings_add(&key->columns, cell_copy(&rows, i, 2));
                strings_add(&key->table_columns, string_copy(database_cell(&rows, i, 4) ?: ""));
        }
        return 0;
}

static int read_rules(struct schema *schema, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME, CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE FROM "
                    "information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()") < 0)
                return -1;
        struct reading reading = {.schema = schema};
        for (size_t i = 0; i < rows.rows; i++) {
                struct schema_table *table = table_of(&reading, database_cell(&rows, i, 0));
                for (size_t k = 0; table && k < table->foreign_key_count; k++) {
                        struct schema_foreign_key *key = &table->foreign_keys[k];
                        if (!cell_is(&rows, i, 1, key->name))
                                continue;
                        string_replace(&key->on_update, cell_copy(&rows, i, 2));
                        string_replace(&key->on_delete, cell_copy(&rows, i, 3));
                }
        }
        return 0;
}

/* A user with SELECT alone sees the keys and not their rules, and would plan on a schema that is not there.
 */
static int check_rules(const struct schema *schema, struct error *err)
{
        for (size_t i = 0; i < schema->count; i++) {
                const struct schema_table *table = schema->tables[i];
                for (size_t k = 0; k < table->foreign_key_count; k++)
                        if (!table->foreign_keys[k].on_update || !table->foreign_keys[k].on_delete)
                                return error_set(err, REASON_DATABASE_ACCESS_DENIED,
                                        "the database user may not see the rules of foreign key %s of table "
                                        "%s: with SELECT alone the schema can't be read whole, REFERENCES is "
                                        "needed as well",
                                        table->foreign_keys[k].name, table->name);
        }
        return 0;
}

/* The view came with MariaDB 10.2.22 and MySQL 8.0.16, its LEVEL with MariaDB 10.5.10. */
static const char *check_query(const struct database_server *server)
{
        unsigned version = server->major * 10000 + server->minor * 100 + server->patch;
        if (!server->mariadb)
                return version < 80016 ? NULL
                                       : "SELECT t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE, 'Table' "
                                         "FROM information_schema.CHECK_CONSTRAINTS c JOIN "
                                         "information_schema.TABLE_CONSTRAINTS t USING (CONSTRAINT_SCHEMA, "
                                         "CONSTRAINT_NAME) WHERE c.CONSTRAINT_SCHEMA = DATABASE()";
        if (version < 100310)
                return NULL;
        return version < 100510 ? "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, NULL FROM "
                                  "information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()"
                                : "SELECT TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE, LEVEL FROM "
                                  "information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()";
}

static int read_checks(struct schema *schema, struct database *database, struct error *err)
{
        const char *query = check_query(&schema->server);
        if (!query)
                return 0;
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err, "%s", query) < 0)
                return -1;
        struct reading reading = {.schema = schema};
        for (size_t i = 0; i < rows.rows; i++) {
                struct schema_table *table = table_of(&reading, database_cell(&rows, i, 0));
                if (!table)
                        continue;
                const char *name = database_cell(&rows, i, 1), *level = database_cell(&rows, i, 3);
                struct schema_check check = {
                        .name = string_copy(name),
                        .expression = cell_copy(&rows, i, 2),
                        .of_column = level ? string_equal(level, "Column")
                                           : schema_find_column(table, name) != NULL,
                };
                schema_table_add_check(table, check);
        }
        return 0;
}

int schema_read(struct database *database, struct schema **ret, struct error *err)
{
        static int (*const readers[])(struct schema *, struct database *, struct error *) = {read_session,
                read_tables, read_columns, read_indexes, read_key_columns, read_rules, read_checks};
        _cleanup_(schema_freep) struct schema *schema = memory_new(sizeof *schema);
        if (database_server_version(database, &schema->server, err) < 0)
                return error_wrap(err, "reading the schema");
        for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
                if (readers[i](schema, database, err) < 0)
                        return error_wrap(err, "reading the schema");
        if (check_rules(schema, err) < 0)
                return error_wrap(err, "reading the schema");
        *ret = steal(&schema);
        return 0;
}
