/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <string.h>

#define SCHEMA_CLASS DBAL "Schema\\Schema"
#define CONFIG_CLASS DBAL "Schema\\SchemaConfig"

/* ---- Doctrine\DBAL\Schema\SchemaConfig ---- */

struct schema_config {
        struct php_value explicit_indexes, longest, name, options;
};

static struct schema_config *new_config(void)
{
        struct schema_config *config = memory_new(sizeof(*config));

        config->explicit_indexes = php_bool(false);
        config->longest = php_int(63);
        config->name = PHP_NULL_VALUE;
        config->options = php_new_array();
        return config;
}

static void config_free(void *host)
{
        struct schema_config *config = host;

        if (!config)
                return;
        php_clear(&config->explicit_indexes);
        php_clear(&config->longest);
        php_clear(&config->name);
        php_clear(&config->options);
        free(config);
}

struct php_value schema_config_new(struct php_run *run, const char *name, struct php_value options)
{
        struct schema_config *config = new_config();

        config->name = name ? php_text(name) : PHP_NULL_VALUE;
        php_clear(&config->options);
        config->options = options;
        return php_host_object(run, CONFIG_CLASS, config);
}

size_t schema_config_longest(struct php_run *run, struct php_value object)
{
        const struct schema_config *config = php_host_data(run, object, CONFIG_CLASS);

        return config && config->longest.type == PHP_TYPE_INT && config->longest.integer > 0
                       ? (size_t)config->longest.integer
                       : 63;
}

static enum php_flow construct_config(struct php_run *run, struct php_call *call)
{
        php_set_host_data(call->this, new_config());
        return PHP_OK;
}

#define CONFIG_ACCESSORS(name)                                                                               \
        static enum php_flow get_config_##name(struct php_run *run, struct php_call *call)                   \
        {                                                                                                    \
                return php_return(call, php_copy(((struct schema_config *)call->this_host)->name));          \
        }                                                                                                    \
        static enum php_flow set_config_##name(struct php_run *run, struct php_call *call)                   \
        {                                                                                                    \
                php_assign(                                                                                  \
                        &((struct schema_config *)call->this_host)->name, php_copy(php_argument(call, 0)));  \
                return PHP_OK;                                                                               \
        }

CONFIG_ACCESSORS(explicit_indexes)
CONFIG_ACCESSORS(longest)
CONFIG_ACCESSORS(name)
CONFIG_ACCESSORS(options)

static const struct doctrine_method config_methods[] = {
        {{"hasExplicitForeignKeyIndexes", get_config_explicit_indexes, 0, PHP_ANY}},
        {{"setExplicitForeignKeyIndexes", set_config_explicit_indexes, 1, PHP_ANY}},
        {{"getMaxIdentifierLength", get_config_longest, 0, PHP_ANY}},
        {{"setMaxIdentifierLength", set_config_longest, 1, PHP_ANY}},
        {{"getName", get_config_name, 0, PHP_ANY}},
        {{"setName", set_config_name, 1, PHP_ANY}},
        {{"getDefaultTableOptions", get_config_options, 0, PHP_ANY}},
        {{"setDefaultTableOptions", set_config_options, 1, PHP_ANY}},
        {{NULL}},
};

/* ---- Names and tables ---- */

static char *lower(char *text)
{
        for (char *at = text; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return text;
}

struct schema_object *schema_of(struct php_run *run, struct php_value schema)
{
        return schema.type == PHP_TYPE_OBJECT ? php_host_data(run, schema, SCHEMA_CLASS) : NULL;
}

struct php_value schema_object_new(struct php_run *run, struct schema_object *schema)
{
        schema->run = run;
        return php_host_object(run, SCHEMA_CLASS, schema);
}

char *schema_table_key(const struct schema_object *schema, const char *name)
{
        _cleanup_free_ char *unquoted = name_is_quoted(name) ? name_trim(name) : string_copy(name);
        _cleanup_free_ char *own = asset_name(&schema->asset);

        return lower(strchr(unquoted, '.') ? steal(&unquoted) : string_format("%s.%s", own, unquoted));
}

char *schema_short_name(struct php_run *run, const struct schema_object *schema, struct php_value slot)
{
        _cleanup_free_ char *own = asset_name(&schema->asset);
        const struct table *table;

        if (slot.type == PHP_TYPE_INT)
                return lower(string_copy(schema->snapshot->tables[slot.integer]->name));
        table = table_of(run, slot);
        if (table->asset.space && strcmp(table->asset.space, own) == 0)
                return lower(string_copy(table->asset.name));
        return lower(asset_name(&table->asset));
}

static void take_config(struct php_run *run, struct schema_object *schema, struct php_value table)
{
        struct table *host = table_of(run, table);

        php_clear(&host->config);
        host->config = php_copy(schema->config);
}

enum php_flow schema_make_table(
        struct php_run *run, struct schema_object *schema, struct php_key key, struct php_value *ret)
{
        const struct php_value *slot = php_array_get(schema->tables, key);
        struct php_value table = PHP_NULL_VALUE;

        if (slot->type == PHP_TYPE_INT) {
                TRY(introspect_table(
                        run, platform_default(run), schema->snapshot->tables[slot->integer], &table));
                take_config(run, schema, table);
                php_array_set(&schema->tables, key, php_copy(table));
        } else
                table = php_copy(*slot);
        *ret = table;
        return PHP_OK;
}

enum php_flow schema_make_all(struct php_run *run, struct schema_object *schema)
{
        _cleanup_php_value_ struct php_value tables = php_copy(schema->tables);
        struct php_key key;

        for (size_t at = 0; php_array_next(tables, &at, &key, NULL);) {
                struct php_value table = PHP_NULL_VALUE;

                TRY(php_step(run));
                TRY(schema_make_table(run, schema, key, &table));
                php_release(table);
        }
        return PHP_OK;
}

static enum php_flow add_namespace(struct php_run *run, struct schema_object *schema, const char *name)
{
        _cleanup_free_ char *key = lower(name_is_quoted(name) ? name_trim(name) : string_copy(name));

        if (php_array_get_text(schema->namespaces, key))
                return throw_namespace_exists(run, key);
        php_array_set_text(&schema->namespaces, key, php_text(name));
        return PHP_OK;
}

static bool has_namespace(const struct schema_object *schema, const char *name)
{
        _cleanup_free_ char *key = lower(name_is_quoted(name) ? name_trim(name) : string_copy(name));

        return php_array_get_text(schema->namespaces, key);
}

static enum php_flow add_table(struct php_run *run, struct schema_object *schema, struct php_value object)
{
        const struct table *table = table_of(run, object);
        _cleanup_free_ char *own = asset_name(&schema->asset), *name = NULL, *key = NULL;

        if (!table)
                return php_needs_php(run, "a table that is not Doctrine's");
        name = asset_name(&table->asset);
        key = lower(table->asset.space && *table->asset.space ? string_copy(name)
                                                              : string_format("%s.%s", own, name));
        if (php_array_get_text(schema->tables, key))
                return throw_table_exists(run, key);
        if (table->asset.space && strcmp(table->asset.space, own) != 0 &&
                !has_namespace(schema, table->asset.space))
                TRY(add_namespace(run, schema, table->asset.space));
        php_array_set_text(&schema->tables, key, php_copy(object));
        take_config(run, schema, object);
        return PHP_OK;
}

static void schema_object_free(void *host)
{
        struct schema_object *schema = host;

        if (!schema)
                return;
        asset_deinit(&schema->asset);
        php_clear(&schema->tables);
        php_clear(&schema->namespaces);
        php_clear(&schema->config);
        free(schema);
}

/* Tables that nobody has seen yet need no copy. */
static void *schema_copy_object(const void *host)
{
        const struct schema_object *schema = host;
        struct schema_object *copy = memory_new(sizeof(*copy));
        struct php_value slot;
        struct php_key key;

        copy->run = schema->run;
        asset_copy(&copy->asset, &schema->asset);
        copy->tables = php_copy(schema->tables);
        copy->namespaces = php_copy(schema->namespaces);
        copy->config = php_copy(schema->config);
        copy->snapshot = schema->snapshot;
        /* What up() gets is copied no sooner than it asks: when it does not, nothing has changed. */
        copy->untouched = schema->snapshot && version_of(schema->run) > DOCTRINE_2_5;
        copy->unnamed = schema->unnamed;
        for (size_t at = 0; php_array_next(schema->tables, &at, &key, &slot);) {
                struct php_value table = PHP_NULL_VALUE;

                if (slot.type == PHP_TYPE_OBJECT && table_clone(copy->run, slot, &table) == PHP_OK)
                        php_array_set(&copy->tables, key, table);
        }
        return copy;
}

/* Every method first reads the database, where Doctrine Migrations does so no sooner. */
static enum php_flow touch(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;

        if (!schema->untouched)
                return PHP_OK;
        schema->untouched = false;
        return introspect_check(run, platform_default(run), schema->snapshot);
}

/* ---- Doctrine\DBAL\Schema\Schema ---- */

static enum php_flow construct(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = memory_new(sizeof(*schema));
        struct php_value config = php_argument(call, 2), tables = php_argument(call, 0), table;
        const struct schema_config *host =
                config.type == PHP_TYPE_OBJECT ? php_host_data(run, config, CONFIG_CLASS) : NULL;
        _cleanup_free_ char *name = NULL;

        schema->run = run;
        schema->tables = php_new_array();
        schema->namespaces = php_new_array();
        schema->config = host ? php_copy(config) : schema_config_new(run, NULL, php_new_array());
        php_set_host_data(call->this, schema);
        if (host && php_truth(host->name))
                TRY(text_of(run, host->name, &name));
        asset_set_name(&schema->asset, name ? name : "public");
        if (php_argument(call, 1).type == PHP_TYPE_ARRAY && php_array_count(php_argument(call, 1)) > 0)
                return php_needs_php(run, "sequences of a Schema");
        if (php_argument(call, 3).type == PHP_TYPE_ARRAY && php_array_count(php_argument(call, 3)) > 0)
                return php_needs_php(run, "namespaces of a new Schema");
        if (tables.type != PHP_TYPE_ARRAY)
                return PHP_OK;
        for (size_t at = 0; php_array_next(tables, &at, NULL, &table);)
                TRY(add_table(run, schema, table));
        return PHP_OK;
}

static enum php_flow get_tables(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;

        TRY(touch(run, call));
        TRY(schema_make_all(run, schema));
        return php_return(call, php_copy(schema->tables));
}

static enum php_flow table_key(struct php_run *run, struct php_call *call, char **ret)
{
        _cleanup_free_ char *name = NULL;

        TRY(touch(run, call));
        TRY(text_argument(run, call, 0, &name));
        *ret = schema_table_key(call->this_host, name);
        return PHP_OK;
}

static enum php_flow find_table(struct php_run *run, struct php_call *call, char **ret_key)
{
        const struct schema_object *schema = call->this_host;
        _cleanup_free_ char *key = NULL;

        TRY(table_key(run, call, &key));
        if (!php_array_get_text(schema->tables, key))
                return throw_table_missing(run, key);
        *ret_key = steal(&key);
        return PHP_OK;
}

static enum php_flow get_table(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *key = NULL;

        TRY(find_table(run, call, &key));
        return schema_make_table(run, call->this_host, php_key_bytes(key, strlen(key)), call->ret);
}

static enum php_flow has_table(struct php_run *run, struct php_call *call)
{
        const struct schema_object *schema = call->this_host;
        _cleanup_free_ char *key = NULL;

        TRY(table_key(run, call, &key));
        return php_return(call, php_bool(php_array_get_text(schema->tables, key)));
}

static enum php_flow get_table_names(struct php_run *run, struct php_call *call)
{
        const struct schema_object *schema = call->this_host;
        struct php_value names;
        struct php_key key;

        TRY(touch(run, call));
        if (schema->unnamed)
                return php_needs_php(run, "the database's name, which the dump does not tell");
        names = php_new_array();
        for (size_t at = 0; php_array_next(schema->tables, &at, &key, NULL);)
                (void)php_array_append(&names, php_key_value(key));
        return php_return(call, names);
}

static enum php_flow get_name(struct php_run *run, struct php_call *call)
{
        const struct schema_object *schema = call->this_host;

        TRY(touch(run, call));
        if (schema->unnamed)
                return php_needs_php(run, "the database's name, which the dump does not tell");
        return php_return(call, name_value(&schema->asset));
}

static enum php_flow create_table(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;
        const struct schema_config *config = php_host_data(run, schema->config, CONFIG_CLASS);
        _cleanup_php_value_ struct php_value table = PHP_NULL_VALUE;
        _cleanup_free_ char *name = NULL;
        struct php_value value;
        struct php_key key;

        TRY(touch(run, call));
        TRY(text_argument(run, call, 0, &name));
        TRY(table_new(run, name, &table));
        TRY(add_table(run, schema, table));
        if (config && config->options.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(config->options, &at, &key, &value);)
                        php_array_set(&table_of(run, table)->options, key, php_copy(value));
        return php_return(call, php_steal(&table));
}

static enum php_flow rename_table(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;
        _cleanup_free_ char *key = NULL, *name = NULL, *old_key = NULL, *old = NULL;
        _cleanup_php_value_ struct php_value table = PHP_NULL_VALUE;

        TRY(find_table(run, call, &key));
        TRY(text_argument(run, call, 0, &old));
        TRY(text_argument(run, call, 1, &name));
        TRY(schema_make_table(run, schema, php_key_bytes(key, strlen(key)), &table));
        asset_set_name(&table_of(run, table)->asset, name);
        old_key = schema_table_key(schema, old);
        (void)php_array_remove(&schema->tables, php_key_bytes(old_key, strlen(old_key)));
        TRY(add_table(run, schema, table));
        return php_return(call, this_value(call));
}

static enum php_flow drop_table(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;
        _cleanup_free_ char *key = NULL;

        TRY(find_table(run, call, &key));
        (void)php_array_remove(&schema->tables, php_key_bytes(key, strlen(key)));
        return php_return(call, this_value(call));
}

static enum php_flow get_namespaces(struct php_run *run, struct php_call *call)
{
        TRY(touch(run, call));
        return php_return(call, php_copy(((struct schema_object *)call->this_host)->namespaces));
}

static enum php_flow find_namespace(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(touch(run, call));
        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(has_namespace(call->this_host, name)));
}

static enum php_flow create_namespace(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(touch(run, call));
        TRY(text_argument(run, call, 0, &name));
        TRY(add_namespace(run, call->this_host, name));
        return php_return(call, this_value(call));
}

static enum php_flow no_sequences(struct php_run *run, struct php_call *call)
{
        TRY(touch(run, call));
        return php_return(call, php_new_array());
}

static enum php_flow has_no_sequence(struct php_run *run, struct php_call *call)
{
        TRY(touch(run, call));
        return php_return(call, php_bool(false));
}

static enum php_flow sequence(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "sequences of a Schema");
}

static enum php_flow explicit_indexes(struct php_run *run, struct php_call *call)
{
        const struct schema_object *schema = call->this_host;
        const struct schema_config *config = php_host_data(run, schema->config, CONFIG_CLASS);

        TRY(touch(run, call));
        return php_return(call, config ? php_copy(config->explicit_indexes) : php_bool(false));
}

static enum php_flow platform_argument(
        struct php_run *run, struct php_call *call, size_t n, struct platform **ret)
{
        *ret = platform_of(run, php_argument(call, n));
        return *ret ? PHP_OK : php_needs_php(run, "a platform that is not MySQL's");
}

static enum php_flow to_sql(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;
        _cleanup_php_value_ struct php_value sql = php_new_array();
        struct platform *platform = NULL;

        TRY(touch(run, call));
        TRY(platform_argument(run, call, 0, &platform));
        TRY(schema_make_all(run, schema));
        TRY(sql_create_tables(run, platform, schema->tables, &sql));
        return php_return(call, php_steal(&sql));
}

/* In dbal 2 too the foreign keys of all of them go first. */
static enum php_flow to_drop_sql(struct php_run *run, struct php_call *call)
{
        struct schema_object *schema = call->this_host;
        _cleanup_php_value_ struct php_value sql = php_new_array();
        struct platform *platform = NULL, whole;

        TRY(touch(run, call));
        TRY(platform_argument(run, call, 0, &platform));
        TRY(schema_make_all(run, schema));
        whole = *platform;
        whole.version = DOCTRINE_3_7;
        TRY(sql_drop_tables(run, &whole, schema->tables, &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow migrate(
        struct php_run *run, struct php_call *call, struct php_value from, struct php_value to)
{
        _cleanup_php_value_ struct php_value difference = PHP_NULL_VALUE, sql = php_new_array();
        struct comparator comparator = {.kind = COMPARE_PLAIN};
        struct platform *platform = NULL;

        TRY(touch(run, call));
        TRY(platform_argument(run, call, 1, &platform));
        TRY(compare_schemas(run, &comparator, from, to, &difference));
        TRY(sql_schema_difference(run, platform, difference, false, &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow migrate_to(struct php_run *run, struct php_call *call)
{
        return migrate(run, call, call->this, php_argument(call, 0));
}

static enum php_flow migrate_from(struct php_run *run, struct php_call *call)
{
        return migrate(run, call, php_argument(call, 0), call->this);
}

static enum php_flow visit(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "a visitor of a Schema");
}

static const struct doctrine_method methods[] = {
        {{"hasExplicitForeignKeyIndexes", explicit_indexes, 0, PHP_ANY}},
        {{"getName", get_name, 0, PHP_ANY}},
        {{"getNamespaces", get_namespaces, 0, PHP_ANY}},
        {{"hasNamespace", find_namespace, 1, PHP_ANY}},
        {{"createNamespace", create_namespace, 1, PHP_ANY}},
        {{"getTables", get_tables, 0, PHP_ANY}},
        {{"getTable", get_table, 1, PHP_ANY}},
        {{"hasTable", has_table, 1, PHP_ANY}},
        {{"getTableNames", get_table_names, 0, PHP_ANY}},
        {{"createTable", create_table, 1, PHP_ANY}},
        {{"renameTable", rename_table, 2, PHP_ANY}},
        {{"dropTable", drop_table, 1, PHP_ANY}},
        {{"getSequences", no_sequences, 0, PHP_ANY}},
        {{"hasSequence", has_no_sequence, 1, PHP_ANY}},
        {{"getSequence", sequence, 1, PHP_ANY}},
        {{"createSequence", sequence, 1, PHP_ANY}},
        {{"dropSequence", sequence, 1, PHP_ANY}},
        {{"toSql", to_sql, 1, PHP_ANY}},
        {{"toDropSql", to_drop_sql, 1, PHP_ANY}},
        {{"getMigrateToSql", migrate_to, 2, PHP_ANY}},
        {{"getMigrateFromSql", migrate_from, 2, PHP_ANY}},
        {{"visit", visit, 1, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class schema_classes[] = {
        {{.name = SCHEMA_CLASS,
                 .parent = DBAL "Schema\\AbstractAsset",
                 .construct = construct,
                 .release = schema_object_free,
                 .clone = schema_copy_object},
                methods},
        {{.name = CONFIG_CLASS, .construct = construct_config, .release = config_free}, config_methods},
        {{NULL}},
};
