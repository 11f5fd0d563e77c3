/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <string.h>

#define TABLE_CLASS DBAL "Schema\\Table"

static void add_link(struct table *table)
{
        table->link = memory_new(sizeof(*table->link));
        *table->link = (struct table_link){.holders = 1, .table = table};
}

static struct table *new_table(struct php_run *run)
{
        struct table *table = memory_new(sizeof(*table));

        table->run = run;
        table->columns = php_new_array();
        table->indexes = php_new_array();
        table->foreign_keys = php_new_array();
        table->implicit = php_new_array();
        table->options = php_new_array();
        table->config = PHP_NULL_VALUE;
        add_link(table);
        return table;
}

void table_free(void *host)
{
        struct table *table = host;

        if (!table)
                return;
        table->link->table = NULL;
        asset_copy(&table->link->last, &table->asset);
        table_link_drop(table->link);
        asset_deinit(&table->asset);
        php_clear(&table->columns);
        php_clear(&table->indexes);
        php_clear(&table->foreign_keys);
        php_clear(&table->implicit);
        php_clear(&table->options);
        php_clear(&table->config);
        free(table->primary);
        free(table);
}

static struct php_value table_object(struct php_run *run, struct table *table)
{
        struct php_value object = php_host_object(run, TABLE_CLASS, table);

        table->self = object.object;
        return object;
}

struct table *table_of(struct php_run *run, struct php_value table)
{
        return table.type == PHP_TYPE_OBJECT ? php_host_data(run, table, TABLE_CLASS) : NULL;
}

enum php_flow table_init(struct php_run *run, struct php_call *call, const char *name, struct table **ret)
{
        enum doctrine_version version = version_of(run);
        struct table *table;

        if (!*name && version >= DOCTRINE_3_7)
                return php_throw(run, DBAL "Schema\\Exception\\InvalidTableName",
                        "Invalid table name specified \"%s\".", name);
        if (!*name)
                return php_throw(run, dbal_root_exception(version), "Invalid table name specified: %s", name);
        table = new_table(run);
        asset_set_name(&table->asset, name);
        if (version >= DOCTRINE_2_10)
                php_array_set_text(&table->options, "create_options", php_new_array());
        if (call) {
                php_set_host_data(call->this, table);
                table->self = call->this.object;
        }
        *ret = table;
        return PHP_OK;
}

enum php_flow table_new(struct php_run *run, const char *name, struct php_value *ret)
{
        struct table *table;

        TRY(table_init(run, NULL, name, &table));
        *ret = table_object(run, table);
        return PHP_OK;
}

static struct php_value cloned_objects(
        struct php_run *run, struct php_value objects, const char *class, void *(*clone)(const void *host))
{
        struct php_value copies = php_new_array(), object;
        struct php_key key;

        for (size_t at = 0; php_array_next(objects, &at, &key, &object);)
                php_array_set(
                        &copies, key, php_host_object(run, class, clone(php_host_data(run, object, class))));
        return copies;
}

/* The implicit indexes stay those of the original, as Doctrine leaves them: only what is in them counts. */
void *table_copy(const void *host)
{
        const struct table *table = host;
        struct table *copy = memory_new(sizeof(*copy));
        struct php_value key;

        copy->run = table->run;
        add_link(copy);
        asset_copy(&copy->asset, &table->asset);
        copy->columns = cloned_objects(table->run, table->columns, DBAL "Schema\\Column", column_clone);
        copy->indexes = cloned_objects(table->run, table->indexes, DBAL "Schema\\Index", index_clone);
        copy->foreign_keys = cloned_objects(
                table->run, table->foreign_keys, DBAL "Schema\\ForeignKeyConstraint", foreign_key_clone);
        copy->implicit = php_copy(table->implicit);
        copy->options = php_copy(table->options);
        copy->config = php_copy(table->config);
        copy->primary = string_copy(table->primary);
        for (size_t at = 0; php_array_next(copy->foreign_keys, &at, NULL, &key);)
                foreign_key_set_local(foreign_key_of(table->run, key), copy);
        return copy;
}

enum php_flow table_clone(struct php_run *run, struct php_value object, struct php_value *ret)
{
        const struct table *table = table_of(run, object);

        if (!table)
                return php_needs_php(run, "a table that is not Doctrine's");
        *ret = table_object(run, table_copy(table));
        return PHP_OK;
}

/* ---- Looking ---- */

const struct php_value *table_column(const struct table *table, const char *name)
{
        _cleanup_free_ char *key = name_normalize(name);

        return php_array_get_text(table->columns, key);
}

const struct php_value *table_index(const struct table *table, const char *name)
{
        _cleanup_free_ char *key = name_normalize(name);

        return php_array_get_text(table->indexes, key);
}

const struct php_value *table_primary_key(const struct table *table)
{
        return table->primary ? table_index(table, table->primary) : NULL;
}

const char *table_option(const struct table *table, const char *name)
{
        const struct php_value *option = php_array_get_text(table->options, name);

        return option && option->type == PHP_TYPE_STRING ? php_string_bytes(*option) : NULL;
}

static bool contains(char *const *names, struct php_key key)
{
        for (; *names; names++)
                if (key.is_string && strlen(*names) == key.size && memcmp(*names, key.bytes, key.size) == 0)
                        return true;
        return false;
}

/* Those columns of the table that are named so to the letter, in the table's order. */
struct php_value table_filter(const struct table *table, char *const *names)
{
        struct php_value kept = php_new_array(), column;
        struct php_key key;

        for (size_t at = 0; php_array_next(table->columns, &at, &key, &column);)
                if (contains(names, key))
                        php_array_set(&kept, key, php_copy(column));
        return kept;
}

/* Each key's columns together. */
static char **foreign_columns(struct php_run *run, const struct table *table)
{
        char **names = memory_new_array(1, sizeof(char *));
        size_t count = 0;
        struct php_value object;

        for (size_t at = 0; php_array_next(table->foreign_keys, &at, NULL, &object);) {
                const struct foreign_key *key = foreign_key_of(run, object);

                for (size_t i = 0; key->columns[i]; i++) {
                        names = memory_resize(names, count + 2, sizeof(char *));
                        names[count++] = string_copy(key->columns[i]);
                        names[count] = NULL;
                }
        }
        return names;
}

struct php_value table_foreign_columns(struct php_run *run, const struct table *table)
{
        _cleanup_strings_ char **names = foreign_columns(run, table);

        return table_filter(table, names);
}

/* Dbal 2.5: in the order in which the primary key and the foreign keys name them. */
static void add_named(const struct table *table, char *const *names, struct php_value *ret)
{
        for (; *names; names++) {
                const struct php_value *column = php_array_get_text(table->columns, *names);

                if (column && !php_array_get_text(*ret, *names))
                        php_array_set_text(ret, *names, php_copy(*column));
        }
}

static void merge_filtered(struct php_value *columns, const struct table *table, char *const *names)
{
        _cleanup_php_value_ struct php_value part = table_filter(table, names);

        array_merge(columns, part);
}

enum php_flow table_columns(struct php_run *run, const struct table *table, struct php_value *ret)
{
        _cleanup_strings_ char **foreign = foreign_columns(run, table);
        const struct php_value *primary = table_primary_key(table);
        const struct index *index = primary ? index_of(run, *primary) : NULL;
        struct php_value columns = php_new_array();

        /* Dropped by dropIndex(), the key is still known by its name: getPrimaryKey() stumbles over it. */
        if (table->primary && !index && version_of(run) >= DOCTRINE_2_13) {
                php_release(columns);
                return throw_index_missing(run, table->primary, &table->asset);
        }
        if (version_of(run) == DOCTRINE_2_5) {
                if (index)
                        add_named(table, index->columns, &columns);
                add_named(table, foreign, &columns);
        } else {
                if (index)
                        merge_filtered(&columns, table, index->columns);
                merge_filtered(&columns, table, foreign);
        }
        array_merge(&columns, table->columns);
        *ret = columns;
        return PHP_OK;
}

/* ---- Building ---- */

static size_t longest_name(struct php_run *run, const struct table *table)
{
        return table->config.type == PHP_TYPE_OBJECT ? schema_config_longest(run, table->config) : 63;
}

char *table_generate_name(
        struct php_run *run, const struct table *table, char *const *columns, const char *prefix)
{
        _cleanup_free_ char *name = asset_name(&table->asset);

        return name_generate(name, columns, prefix, longest_name(run, table));
}

enum php_flow table_add_column(struct php_run *run, struct table *table, struct php_value object)
{
        const struct column *column = column_of(run, object);
        _cleanup_free_ char *name = NULL, *key = NULL;

        if (!column)
                return php_needs_php(run, "a column that is not Doctrine's");
        name = asset_name(&column->asset);
        key = name_normalize(name);
        if (php_array_get_text(table->columns, key))
                return throw_column_exists(run, key, &table->asset);
        php_array_set_text(&table->columns, key, php_copy(object));
        return PHP_OK;
}

/* Takes out the implicit indexes that the new one makes needless. replaced: whether `name` is one of them. */
static bool replace_implicit(
        struct php_run *run, struct table *table, const struct index *candidate, const char *name, bool act)
{
        _cleanup_php_value_ struct php_value implicit = php_copy(table->implicit);
        bool replaced = false;
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(implicit, &at, &key, &object);) {
                if (!index_fulfilled(version_of(run), index_of(run, object), candidate) ||
                        !php_array_get(table->indexes, key))
                        continue;
                if (key.is_string && strlen(name) == key.size && memcmp(name, key.bytes, key.size) == 0)
                        replaced = true;
                if (act) {
                        (void)php_array_remove(&table->indexes, key);
                        (void)php_array_remove(&table->implicit, key);
                }
        }
        return replaced;
}

enum php_flow table_add_index(struct php_run *run, struct table *table, struct php_value object)
{
        const struct index *candidate = index_of(run, object);
        _cleanup_free_ char *name = NULL, *key = NULL;

        if (!candidate)
                return php_needs_php(run, "an index that is not Doctrine's");
        name = asset_name(&candidate->asset);
        key = name_normalize(name);
        if ((php_array_get_text(table->indexes, key) &&
                    !replace_implicit(run, table, candidate, key, false)) ||
                (table->primary && candidate->primary))
                return throw_index_exists(run, key, &table->asset);
        (void)replace_implicit(run, table, candidate, key, true);
        if (candidate->primary)
                string_replace(&table->primary, string_copy(key));
        php_array_set_text(&table->indexes, key, php_copy(object));
        return PHP_OK;
}

static bool is_index_name(const char *name)
{
        _cleanup_free_ char *key = name_normalize(name);

        return strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(key);
}

enum php_flow table_make_index(struct php_run *run, const struct table *table, const char *name,
        char *const *columns, bool unique, bool primary, char *const *flags, struct php_value options,
        struct php_value *ret)
{
        if (!is_index_name(name))
                return throw_index_name(run, name);
        for (size_t i = 0; columns[i]; i++)
                if (!table_column(table, columns[i]))
                        return throw_column_missing(run, columns[i], table->asset.name);
        *ret = php_host_object(
                run, DBAL "Schema\\Index", index_new(name, columns, unique, primary, flags, options));
        return PHP_OK;
}

enum php_flow table_add_foreign_key(struct php_run *run, struct table *table, struct php_value object)
{
        struct foreign_key *key = foreign_key_of(run, object);
        _cleanup_php_value_ struct php_value candidate = PHP_NULL_VALUE, none = php_new_array();
        _cleanup_free_ char *name = NULL, *normal = NULL, *index_name = NULL, *index_key = NULL;
        struct php_value existing;

        if (!key)
                return php_needs_php(run, "a foreign key that is not Doctrine's");
        foreign_key_set_local(key, table);
        name = asset_name(&key->asset);
        if (!*name)
                string_replace(&name, table_generate_name(run, table, key->columns, "fk"));
        normal = name_normalize(name);
        php_array_set_text(&table->foreign_keys, normal, php_copy(object));
        index_name = table_generate_name(run, table, key->columns, "idx");
        TRY(table_make_index(run, table, index_name, key->columns, false, false, NULL, none, &candidate));
        for (size_t at = 0; php_array_next(table->indexes, &at, NULL, &existing);)
                if (index_fulfilled(version_of(run), index_of(run, candidate), index_of(run, existing)))
                        return PHP_OK;
        TRY(table_add_index(run, table, candidate));
        index_key = name_normalize(index_name);
        php_array_set_text(&table->implicit, index_key, php_copy(candidate));
        return PHP_OK;
}
