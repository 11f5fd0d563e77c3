/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <string.h>
#include <strings.h>

/*
 * Doctrine\DBAL\Schema\AbstractSchemaManager and MySqlSchemaManager. What it lists comes from the snapshot;
 * what it changes goes to the source as a write of its own.
 */

static const struct schema *snapshot(struct php_run *run)
{
        return doctrine_of(run)->schema;
}

/* In its queries Doctrine compares names as the server's information_schema does. */
static const struct schema_table *find_table(struct php_run *run, const char *name)
{
        const struct schema *schema = snapshot(run);
        _cleanup_asset_ struct asset identifier = {0};

        if (version_of(run) < DOCTRINE_3_7)
                return schema ? schema_find_table(schema, name) : NULL;
        asset_set_name(&identifier, name);
        return schema && identifier.name ? schema_find_table(schema, identifier.name) : NULL;
}

static enum php_flow table_argument(
        struct php_run *run, struct php_call *call, size_t n, const struct schema_table **ret)
{
        _cleanup_free_ char *name = NULL;
        struct php_value database = php_argument(call, n + 1);

        if (database.type != PHP_TYPE_NULL && !php_string_is(database, doctrine_of(run)->source->database))
                return php_needs_php(run, "the schema of another database");
        TRY(text_argument(run, call, n, &name));
        *ret = find_table(run, name);
        return PHP_OK;
}

static enum php_flow list_table_names(struct php_run *run, struct php_call *call)
{
        const struct schema *schema = snapshot(run);
        struct php_value names = php_new_array();

        for (size_t i = 0; schema && i < schema->count; i++)
                (void)php_array_append(&names, php_text(schema->tables[i]->name));
        return php_return(call, names);
}

static enum php_flow list_columns(struct php_run *run, struct php_call *call)
{
        const struct schema_table *table = NULL;

        TRY(table_argument(run, call, 0, &table));
        if (!table)
                return php_return(call, php_new_array());
        return introspect_columns(run, platform_default(run), table, call->ret);
}

static enum php_flow list_indexes(struct php_run *run, struct php_call *call)
{
        const struct schema_table *table = NULL;

        TRY(table_argument(run, call, 0, &table));
        if (!table)
                return php_return(call, php_new_array());
        return introspect_indexes(run, table, call->ret);
}

static enum php_flow list_foreign_keys(struct php_run *run, struct php_call *call)
{
        const struct schema_table *table = NULL;

        TRY(table_argument(run, call, 0, &table));
        if (!table)
                return php_return(call, php_new_array());
        return introspect_foreign_keys(run, table, call->ret);
}

/* A table that is not there is one without columns. Its name is the one that was asked for. */
static enum php_flow list_details(struct php_run *run, struct php_call *call)
{
        const struct schema_table *table = NULL;
        _cleanup_free_ char *name = NULL;
        struct table *host;

        TRY(text_argument(run, call, 0, &name));
        TRY(table_argument(run, call, 0, &table));
        if (!table)
                return table_new(run, name, call->ret);
        if (strcmp(table->name, name) == 0)
                return introspect_table(run, platform_default(run), table, call->ret);
        if (strcasecmp(table->name, name) != 0)
                return php_needs_php(run, "listTableDetails() of a quoted name");
        TRY(introspect_table(run, platform_default(run), table, call->ret));
        host = table_of(run, *call->ret);
        asset_set_name(&host->asset, name);
        return PHP_OK;
}

static enum php_flow introspect_one(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(list_details(run, call));
        TRY(text_argument(run, call, 0, &name));
        if (php_array_count(table_of(run, *call->ret)->columns) == 0)
                return throw_table_missing(run, name);
        return PHP_OK;
}

static enum php_flow list_tables(struct php_run *run, struct php_call *call)
{
        const struct schema *schema = snapshot(run);
        _cleanup_php_value_ struct php_value tables = php_new_array();

        for (size_t i = 0; schema && i < schema->count; i++) {
                struct php_value table = PHP_NULL_VALUE;

                TRY(php_step(run));
                TRY(introspect_table(run, platform_default(run), schema->tables[i], &table));
                (void)php_array_append(&tables, table);
        }
        return php_return(call, php_steal(&tables));
}

static bool has_name(const struct schema *schema, const char *name)
{
        for (size_t i = 0; schema && i < schema->count; i++)
                if (strcasecmp(schema->tables[i]->name, name) == 0)
                        return true;
        return false;
}

static enum php_flow tables_exist(struct php_run *run, struct php_call *call)
{
        struct php_value given = php_argument(call, 0), value;
        _cleanup_free_ char *one = NULL;

        if (given.type != PHP_TYPE_ARRAY) {
                TRY(text_argument(run, call, 0, &one));
                return php_return(call, php_bool(has_name(snapshot(run), one)));
        }
        for (size_t at = 0; php_array_next(given, &at, NULL, &value);) {
                _cleanup_free_ char *name = NULL;

                TRY(text_of(run, value, &name));
                if (!has_name(snapshot(run), name))
                        return php_return(call, php_bool(false));
        }
        return php_return(call, php_bool(true));
}

static enum php_flow create_schema(struct php_run *run, struct php_call *call)
{
        TRY(doctrine_new_schema(run, call->ret));
        schema_of(run, *call->ret)->untouched = false;
        return introspect_check(run, platform_default(run), snapshot(run));
}

static enum php_flow create_schema_config(struct php_run *run, struct php_call *call)
{
        return php_return(
                call, schema_config_new(run, doctrine_of(run)->source->database, default_table_options(run)));
}

static enum php_flow get_platform(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_platform(run));
}

static enum php_flow search_paths(struct php_run *run, struct php_call *call)
{
        struct php_value paths = php_new_array();

        (void)php_array_append(&paths, php_text(doctrine_of(run)->source->database));
        return php_return(call, paths);
}

static enum php_flow create_comparator(struct php_run *run, struct php_call *call)
{
        struct comparator *comparator = memory_new(sizeof(*comparator));

        *comparator = (struct comparator){
                .kind = COMPARE_PLATFORM, .platform = platform_default(run), .normalize = true};
        return php_return(call, php_host_object(run, DBAL "Platforms\\MySQL\\Comparator", comparator));
}

/* ---- Changes ---- */

static enum php_flow write_statement(struct php_run *run, const char *sql)
{
        struct sql_source *source = doctrine_of(run)->source;
        size_t size = strlen(sql);
        _cleanup_free_ char *why = NULL;
        _cleanup_error_ struct error err = {0};
        int result = source->write(
                source->context, sql, size, PHP_NULL_VALUE, sql, size, php_run_line(run), &why, &err);

        if (result < 0)
                return php_fail(run, &err);
        if (result > 0)
                return php_needs_php(run, "a change of the schema that the server would refuse (%s)", why);
        return PHP_OK;
}

static enum php_flow write_all(struct php_run *run, struct php_value sql)
{
        struct php_value statement;

        if (sql.type == PHP_TYPE_STRING)
                return write_statement(run, php_string_bytes(sql));
        for (size_t at = 0; php_array_next(sql, &at, NULL, &statement);)
                TRY(write_statement(run, php_string_bytes(statement)));
        return PHP_OK;
}

/* Asks the platform's method for the statements, with up to two arguments of the call. */
static enum php_flow write_by(struct php_run *run, struct php_call *call, const char *method)
{
        _cleanup_php_value_ struct php_value platform = doctrine_new_platform(run), sql = PHP_NULL_VALUE;
        struct php_value arguments[2] = {php_argument(call, 0), php_argument(call, 1)};

        TRY(php_call_method(run, platform, method, arguments, call->count < 2 ? call->count : 2, &sql));
        return write_all(run, sql);
}

#define WRITES(name, method)                                                                                 \
        static enum php_flow name(struct php_run *run, struct php_call *call)                                \
        {                                                                                                    \
                return write_by(run, call, method);                                                          \
        }

WRITES(drop_database, "getDropDatabaseSQL")
WRITES(create_database, "getCreateDatabaseSQL")
WRITES(drop_table, "getDropTableSQL")
WRITES(drop_index, "getDropIndexSQL")
WRITES(drop_constraint, "getDropConstraintSQL")
WRITES(drop_foreign_key, "getDropForeignKeySQL")
WRITES(drop_view, "getDropViewSQL")
WRITES(create_index, "getCreateIndexSQL")
WRITES(create_foreign_key, "getCreateForeignKeySQL")
WRITES(alter_table, "getAlterTableSQL")
WRITES(rename_table_new, "getRenameTableSQL")

static enum php_flow create_table(struct php_run *run, struct php_call *call)
{
        const struct table *table = table_of(run, php_argument(call, 0));
        _cleanup_php_value_ struct php_value sql = php_new_array();

        if (!table)
                return php_needs_php(run, "createTable() of something else than a Table");
        TRY(sql_create_table(run, platform_default(run), table, true, true, &sql));
        return write_all(run, sql);
}

static enum php_flow rename_table_old(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL, *new_name = NULL, *quoted = NULL, *new_quoted = NULL, *sql = NULL;

        TRY(text_argument(run, call, 0, &name));
        TRY(text_argument(run, call, 1, &new_name));
        quoted = name_quoted(name, platform_default(run));
        new_quoted = name_quoted(new_name, platform_default(run));
        sql = string_format("ALTER TABLE %s RENAME TO %s", quoted, new_quoted);
        return write_statement(run, sql);
}

static enum php_flow not_built(struct php_run *run, struct php_call *call)
{
        return php_needs_php(
                run, "a method of Doctrine's schema manager that is not followed (%s)", "views, databases");
}

static const struct doctrine_method methods[] = {
        {{"getDatabasePlatform", get_platform, 0, PHP_ANY}},
        {{"listTableNames", list_table_names, 0, PHP_ANY}},
        {{"listTables", list_tables, 0, PHP_ANY}},
        {{"listTableColumns", list_columns, 1, PHP_ANY}},
        {{"listTableIndexes", list_indexes, 1, PHP_ANY}},
        {{"listTableForeignKeys", list_foreign_keys, 1, PHP_ANY}},
        {{"listTableDetails", list_details, 1, PHP_ANY}},
        {{"introspectTable", introspect_one, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"tablesExist", tables_exist, 1, PHP_ANY}},
        {{"createSchema", create_schema, 0, PHP_ANY}},
        {{"introspectSchema", create_schema, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"createSchemaConfig", create_schema_config, 0, PHP_ANY}},
        {{"getSchemaSearchPaths", search_paths, 0, PHP_ANY}},
        {{"createComparator", create_comparator, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"dropDatabase", drop_database, 1, PHP_ANY}},
        {{"createDatabase", create_database, 1, PHP_ANY}},
        {{"dropTable", drop_table, 1, PHP_ANY}},
        {{"dropIndex", drop_index, 2, PHP_ANY}},
        {{"dropConstraint", drop_constraint, 2, PHP_ANY}},
        {{"dropForeignKey", drop_foreign_key, 2, PHP_ANY}},
        {{"dropView", drop_view, 1, PHP_ANY}},
        {{"createTable", create_table, 1, PHP_ANY}},
        {{"createIndex", create_index, 2, PHP_ANY}},
        {{"createForeignKey", create_foreign_key, 2, PHP_ANY}},
        {{"alterTable", alter_table, 1, PHP_ANY}},
        {{"renameTable", rename_table_old, 2, PHP_ANY}, .gone = DOCTRINE_3_7},
        {{"renameTable", rename_table_new, 2, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"listDatabases", not_built, 0, PHP_ANY}},
        {{"listNamespaceNames", not_built, 0, PHP_ANY}},
        {{"listSequences", not_built, 0, PHP_ANY}},
        {{"listViews", not_built, 0, PHP_ANY}},
        {{"createView", not_built, 0, PHP_ANY}},
        {{"createConstraint", not_built, 0, PHP_ANY}},
        {{"dropAndCreateIndex", not_built, 0, PHP_ANY}},
        {{"dropAndCreateTable", not_built, 0, PHP_ANY}},
        {{"dropAndCreateForeignKey", not_built, 0, PHP_ANY}},
        {{"dropAndCreateConstraint", not_built, 0, PHP_ANY}},
        {{"tryMethod", not_built, 0, PHP_ANY}},
        {{"migrateSchema", not_built, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"alterSchema", not_built, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{NULL}},
};

const struct doctrine_class manager_classes[] = {
        {{.name = DBAL "Schema\\AbstractSchemaManager", .is_abstract = true}, methods},
        {{.name = DBAL "Schema\\MySqlSchemaManager",
                 .parent = DBAL "Schema\\AbstractSchemaManager",
                 .is_abstract = true},
                .gone = DOCTRINE_3_7},
        {{.name = DBAL "Schema\\MySQLSchemaManager",
                 .parent = DBAL "Schema\\AbstractSchemaManager",
                 .is_abstract = true},
                .from = DOCTRINE_3_7},
        {{NULL}},
};
