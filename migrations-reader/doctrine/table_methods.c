/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <string.h>

/* ---- Doctrine\DBAL\Schema\Table ---- */

/* Adds each object of an array argument. */
static enum php_flow add_all(struct php_run *run, struct table *table, struct php_value objects,
        enum php_flow (*add)(struct php_run *run, struct table *table, struct php_value object))
{
        struct php_value object;

        if (objects.type == PHP_TYPE_NULL)
                return PHP_OK;
        if (objects.type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "new Table with parts that are no arrays");
        for (size_t at = 0; php_array_next(objects, &at, NULL, &object);)
                TRY(add(run, table, object));
        return PHP_OK;
}

static enum php_flow construct(struct php_run *run, struct php_call *call)
{
        bool new = version_of(run) >= DOCTRINE_3_7;
        struct php_value options = php_argument(call, 5);
        struct table *table = NULL;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        TRY(table_init(run, call, name, &table));
        TRY(add_all(run, table, php_argument(call, 1), table_add_column));
        TRY(add_all(run, table, php_argument(call, 2), table_add_index));
        if (new &&php_argument(call, 3).type == PHP_TYPE_ARRAY && php_array_count(php_argument(call, 3)) > 0)
                return php_needs_php(run, "unique constraints of a Table");
        TRY(add_all(run, table, php_argument(call, new ? 4 : 3), table_add_foreign_key));
        if (options.type == PHP_TYPE_ARRAY)
                array_merge(&table->options, options);
        return PHP_OK;
}

static enum php_flow set_schema_config(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;

        php_clear(&table->config);
        table->config = php_copy(php_argument(call, 0));
        return PHP_OK;
}

/* The name that was given, or a generated one; null and, in 2.5, "" count as not given. */
static enum php_flow name_or_generated(struct php_run *run, struct php_call *call, size_t n,
        char *const *columns, const char *prefix, char **ret)
{
        const struct table *table = call->this_host;
        struct php_value given = php_argument(call, n);
        bool empty = version_of(run) == DOCTRINE_2_5 && strcmp(prefix, "idx") == 0 && !php_truth(given) &&
                     !php_string_is(given, "0");

        if (given.type == PHP_TYPE_NULL || empty) {
                *ret = table_generate_name(run, table, columns, prefix);
                return PHP_OK;
        }
        return text_argument(run, call, n, ret);
}

static enum php_flow options_argument(
        struct php_run *run, struct php_call *call, size_t n, struct php_value *ret)
{
        if (n < call->count && php_argument(call, n).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument #%zu ($options) must be of type array, %s given",
                        n + 1, "another");
        *ret = n < call->count ? php_copy(php_argument(call, n)) : php_new_array();
        return PHP_OK;
}

static enum php_flow make_and_add(struct php_run *run, struct table *table, const char *name,
        char *const *columns, bool unique, bool primary, char *const *flags, struct php_value options)
{
        _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;

        TRY(table_make_index(run, table, name, columns, unique, primary, flags, options, &index));
        return table_add_index(run, table, index);
}

static enum php_flow make_primary(
        struct php_run *run, struct table *table, const char *name, char *const *columns)
{
        _cleanup_php_value_ struct php_value none = php_new_array();

        TRY(make_and_add(run, table, name, columns, true, true, NULL, none));
        for (size_t i = 0; columns[i]; i++) {
                const struct php_value *column = table_column(table, columns[i]);

                if (column)
                        TRY(column_set(run, column_of(run, *column), COLUMN_NOTNULL, php_bool(true)));
        }
        return PHP_OK;
}

static enum php_flow set_primary_key(struct php_run *run, struct php_call *call)
{
        struct php_value given = php_argument(call, 1);
        _cleanup_strings_ char **columns = NULL;
        _cleanup_free_ char *name = NULL;

        TRY(list_argument(run, call, 0, &columns));
        if (php_truth(given))
                TRY(text_argument(run, call, 1, &name));
        else if (version_of(run) >= DOCTRINE_3_7 && call->count > 1 && given.type != PHP_TYPE_BOOL)
                return php_needs_php(run, "setPrimaryKey() with an empty name");
        TRY(make_primary(run, call->this_host, name ? name : "primary", columns));
        return php_return(call, this_value(call));
}

static enum php_flow add_index(struct php_run *run, struct php_call *call)
{
        _cleanup_strings_ char **columns = NULL, **flags = NULL;
        _cleanup_free_ char *name = NULL;
        _cleanup_php_value_ struct php_value options = PHP_NULL_VALUE;

        TRY(list_argument(run, call, 0, &columns));
        TRY(name_or_generated(run, call, 1, columns, "idx", &name));
        TRY(list_argument(run, call, 2, &flags));
        TRY(options_argument(run, call, 3, &options));
        TRY(make_and_add(run, call->this_host, name, columns, false, false, flags, options));
        return php_return(call, this_value(call));
}

static enum php_flow add_unique_index(struct php_run *run, struct php_call *call)
{
        _cleanup_strings_ char **columns = NULL;
        _cleanup_free_ char *name = NULL;
        _cleanup_php_value_ struct php_value options = PHP_NULL_VALUE;

        TRY(list_argument(run, call, 0, &columns));
        TRY(name_or_generated(run, call, 1, columns, "uniq", &name));
        TRY(options_argument(run, call, 2, &options));
        TRY(make_and_add(run, call->this_host, name, columns, true, false, NULL, options));
        return php_return(call, this_value(call));
}

static enum php_flow unique_constraint(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "unique constraints of a Table");
}

static enum php_flow get_unique_constraints(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_new_array());
}

static enum php_flow has_unique_constraint(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(false));
}

static enum php_flow remove_index(struct php_run *run, struct table *table, const char *name)
{
        _cleanup_free_ char *key = name_normalize(name);

        if (!php_array_get_text(table->indexes, key))
                return throw_index_missing(run, key, &table->asset);
        (void)php_array_remove(&table->indexes, php_key_bytes(key, strlen(key)));
        return PHP_OK;
}

static enum php_flow remove_primary_key(struct php_run *run, struct table *table)
{
        if (!table->primary && version_of(run) >= DOCTRINE_2_13)
                return PHP_OK;
        TRY(remove_index(run, table, table->primary ? table->primary : ""));
        string_replace(&table->primary, NULL);
        return PHP_OK;
}

static enum php_flow drop_primary_key(struct php_run *run, struct php_call *call)
{
        return remove_primary_key(run, call->this_host);
}

static enum php_flow drop_index(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return remove_index(run, call->this_host, name);
}

static enum php_flow rename_to(struct php_run *run, struct table *table, const char *key,
        const struct index *old, const char *given, bool has_name)
{
        const char *prefix = old->unique ? "uniq" : "idx";
        _cleanup_free_ char *name =
                has_name ? string_copy(given) : table_generate_name(run, table, old->columns, prefix);

        if (old->primary) {
                TRY(remove_primary_key(run, table));
                return make_primary(run, table, has_name && *given ? given : "primary", old->columns);
        }
        TRY(remove_index(run, table, key));
        return make_and_add(run, table, name, old->columns, old->unique, false,
                old->unique ? NULL : old->flags, old->options);
}

static enum php_flow rename_index(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;
        _cleanup_free_ char *from = NULL, *to = NULL, *from_key = NULL, *to_key = NULL;
        _cleanup_php_value_ struct php_value old = PHP_NULL_VALUE;

        TRY(text_argument(run, call, 0, &from));
        TRY(text_argument(run, call, 1, &to));
        from_key = name_normalize(from);
        to_key = name_normalize(to);
        if (strcmp(from_key, to_key) == 0)
                return php_return(call, this_value(call));
        if (!php_array_get_text(table->indexes, from_key))
                return throw_index_missing(run, from_key, &table->asset);
        if (php_array_get_text(table->indexes, to_key))
                return throw_index_exists(run, to_key, &table->asset);
        old = php_copy(*php_array_get_text(table->indexes, from_key));
        TRY(rename_to(
                run, table, from_key, index_of(run, old), to, php_argument(call, 1).type != PHP_TYPE_NULL));
        return php_return(call, this_value(call));
}

static enum php_flow columns_are_indexed(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        _cleanup_strings_ char **columns = NULL;
        struct php_value index;

        TRY(list_argument(run, call, 0, &columns));
        for (size_t at = 0; php_array_next(table->indexes, &at, NULL, &index);)
                if (index_spans(index_of(run, index), columns))
                        return php_return(call, php_bool(true));
        return php_return(call, php_bool(false));
}

/* ---- Columns ---- */

static enum php_flow add_column(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL, *type_name = NULL;
        _cleanup_php_value_ struct php_value type = PHP_NULL_VALUE, options = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        struct column *column;

        TRY(text_argument(run, call, 0, &name));
        TRY(text_argument(run, call, 1, &type_name));
        TRY(options_argument(run, call, 2, &options));
        TRY(type_get(run, type_name, &type));
        column = column_new(name, type);
        object = php_host_object(run, DBAL "Schema\\Column", column);
        TRY(column_set_options(run, column, options));
        TRY(table_add_column(run, table, object));
        return php_return(call, php_steal(&object));
}

static enum php_flow rename_column(struct php_run *run, struct php_call *call)
{
        return php_throw(run, dbal_root_exception(version_of(run)), "%s",
                "Table#renameColumn() was removed, because it drops and recreates the column instead. There "
                "is "
                "no fix available, because a schema diff cannot reliably detect if a column was renamed or "
                "one "
                "column was created and another one dropped.");
}

static enum php_flow found_column(struct php_run *run, struct php_call *call, const struct php_value **ret)
{
        const struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL, *key = NULL;

        TRY(text_argument(run, call, 0, &name));
        key = name_normalize(name);
        *ret = php_array_get_text(table->columns, key);
        return *ret ? PHP_OK : throw_column_missing(run, key, table->asset.name);
}

static enum php_flow change_column(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value options = PHP_NULL_VALUE;
        const struct php_value *column = NULL;

        TRY(options_argument(run, call, 1, &options));
        TRY(found_column(run, call, &column));
        TRY(column_set_options(run, column_of(run, *column), options));
        return php_return(call, this_value(call));
}

static enum php_flow drop_column(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL, *key = NULL;

        TRY(text_argument(run, call, 0, &name));
        key = name_normalize(name);
        (void)php_array_remove(&table->columns, php_key_bytes(key, strlen(key)));
        return php_return(call, this_value(call));
}

static enum php_flow has_column(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(table_column(call->this_host, name)));
}

static enum php_flow get_column(struct php_run *run, struct php_call *call)
{
        const struct php_value *column = NULL;

        TRY(found_column(run, call, &column));
        return php_return(call, php_copy(*column));
}

static enum php_flow get_columns(struct php_run *run, struct php_call *call)
{
        return table_columns(run, call->this_host, call->ret);
}

/* ---- Foreign keys ---- */

static enum php_flow check_columns(
        struct php_run *run, const struct table *table, char *const *columns, bool foreign)
{
        _cleanup_free_ char *name = asset_name(&table->asset);

        for (; *columns; columns++)
                if (!table_column(table, *columns))
                        return throw_column_missing(run, *columns, foreign ? name : table->asset.name);
        return PHP_OK;
}

/* Arguments from `first` on: the foreign table, columns, its columns, options. */
static enum php_flow make_foreign_key(
        struct php_run *run, struct php_call *call, size_t first, const char *given)
{
        struct table *table = call->this_host, *foreign = table_of(run, php_argument(call, first));
        _cleanup_strings_ char **columns = NULL, **foreign_columns = NULL;
        _cleanup_free_ char *foreign_name = NULL, *name = string_copy(given);
        _cleanup_php_value_ struct php_value options = PHP_NULL_VALUE, object = PHP_NULL_VALUE;
        struct foreign_key *key;

        if (!foreign)
                TRY(text_argument(run, call, first, &foreign_name));
        TRY(list_argument(run, call, first + 1, &columns));
        TRY(list_argument(run, call, first + 2, &foreign_columns));
        TRY(options_argument(run, call, first + 3, &options));
        if (!name)
                name = table_generate_name(run, table, columns, "fk");
        if (foreign)
                TRY(check_columns(run, foreign, foreign_columns, true));
        TRY(check_columns(run, table, columns, false));
        key = foreign_key_new(name, columns, foreign_name, foreign_columns, options);
        if (foreign)
                foreign_key_set_table(key, foreign);
        object = php_host_object(run, DBAL "Schema\\ForeignKeyConstraint", key);
        TRY(table_add_foreign_key(run, table, object));
        return php_return(call, this_value(call));
}

static enum php_flow add_foreign_key(struct php_run *run, struct php_call *call)
{
        struct php_value given = php_argument(call, 4);
        _cleanup_free_ char *name = NULL;

        if (version_of(run) >= DOCTRINE_3_7 ? given.type != PHP_TYPE_NULL : php_truth(given))
                TRY(text_argument(run, call, 4, &name));
        return make_foreign_key(run, call, 0, name);
}

static enum php_flow add_unnamed_foreign_key(struct php_run *run, struct php_call *call)
{
        return make_foreign_key(run, call, 0, NULL);
}

static enum php_flow add_named_foreign_key(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return make_foreign_key(run, call, 1, name);
}

static enum php_flow has_foreign_key(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL, *key = NULL;

        TRY(text_argument(run, call, 0, &name));
        key = name_normalize(name);
        return php_return(call, php_bool(php_array_get_text(table->foreign_keys, key)));
}

static enum php_flow get_foreign_key(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        const struct php_value *object;
        _cleanup_free_ char *name = NULL, *key = NULL;

        TRY(text_argument(run, call, 0, &name));
        key = name_normalize(name);
        object = php_array_get_text(table->foreign_keys, key);
        if (!object)
                return throw_foreign_key_missing(run, key, &table->asset);
        return php_return(call, php_copy(*object));
}

static enum php_flow remove_foreign_key(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL, *key = NULL;

        TRY(text_argument(run, call, 0, &name));
        key = name_normalize(name);
        if (!php_array_remove(&table->foreign_keys, php_key_bytes(key, strlen(key))))
                return throw_foreign_key_missing(run, key, &table->asset);
        return PHP_OK;
}

static enum php_flow get_foreign_keys(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(((struct table *)call->this_host)->foreign_keys));
}

static enum php_flow get_foreign_key_columns(struct php_run *run, struct php_call *call)
{
        return php_return(call, table_foreign_columns(run, call->this_host));
}

/* ---- Indexes and options ---- */

static enum php_flow has_primary_key(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(table_primary_key(call->this_host)));
}

/* From 2.13 on a key that dropIndex() took away is missed. */
static enum php_flow find_primary_key(
        struct php_run *run, const struct table *table, const struct php_value **ret)
{
        *ret = table_primary_key(table);
        if (!*ret && table->primary && version_of(run) >= DOCTRINE_2_13)
                return throw_index_missing(run, table->primary, &table->asset);
        return PHP_OK;
}

static enum php_flow get_primary_key(struct php_run *run, struct php_call *call)
{
        const struct php_value *primary = NULL;

        TRY(find_primary_key(run, call->this_host, &primary));
        return php_return(call, primary ? php_copy(*primary) : PHP_NULL_VALUE);
}

/* Names; dbal 3 gives Column objects. */
static enum php_flow get_primary_key_columns(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        const struct php_value *primary = NULL;
        _cleanup_free_ char *name = asset_name(&table->asset);

        TRY(find_primary_key(run, table, &primary));
        if (!primary)
                return php_throw(
                        run, dbal_root_exception(version_of(run)), "Table %s has no primary key.", name);
        if (version_of(run) >= DOCTRINE_3_7)
                return php_return(call, table_filter(table, index_of(run, *primary)->columns));
        return php_return(call, strings_value(index_of(run, *primary)->columns));
}

static enum php_flow has_index(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(table_index(call->this_host, name)));
}

static enum php_flow get_index(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        const struct php_value *index;
        _cleanup_free_ char *name = NULL, *key = NULL;

        TRY(text_argument(run, call, 0, &name));
        key = name_normalize(name);
        index = php_array_get_text(table->indexes, key);
        if (!index)
                return throw_index_missing(run, key, &table->asset);
        return php_return(call, php_copy(*index));
}

static enum php_flow get_indexes(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(((struct table *)call->this_host)->indexes));
}

static enum php_flow add_option(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        php_array_set_text(&table->options, name, php_copy(php_argument(call, 1)));
        return php_return(call, this_value(call));
}

static enum php_flow has_option(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(value_isset(php_array_get_text(table->options, name))));
}

static enum php_flow get_option(struct php_run *run, struct php_call *call)
{
        const struct table *table = call->this_host;
        const struct php_value *option;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        option = php_array_get_text(table->options, name);
        if (!option)
                return php_needs_php(run, "an option '%s' that the table does not have", name);
        return php_return(call, php_copy(*option));
}

static enum php_flow get_options(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(((struct table *)call->this_host)->options));
}

static enum php_flow set_comment(struct php_run *run, struct php_call *call)
{
        struct table *table = call->this_host;

        php_array_set_text(&table->options, "comment", php_copy(php_argument(call, 0)));
        return php_return(call, this_value(call));
}

static enum php_flow get_comment(struct php_run *run, struct php_call *call)
{
        const struct php_value *comment =
                php_array_get_text(((struct table *)call->this_host)->options, "comment");

        return php_return(call, comment ? php_copy(*comment) : PHP_NULL_VALUE);
}

static enum php_flow visit(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "a visitor of a Table");
}

static const struct doctrine_method methods[] = {
        {{"setSchemaConfig", set_schema_config, 1, PHP_ANY}},
        {{"setPrimaryKey", set_primary_key, 1, PHP_ANY}},
        {{"addIndex", add_index, 1, PHP_ANY}},
        {{"addUniqueIndex", add_unique_index, 1, PHP_ANY}},
        {{"addUniqueConstraint", unique_constraint, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getUniqueConstraint", unique_constraint, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"removeUniqueConstraint", unique_constraint, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getUniqueConstraints", get_unique_constraints, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasUniqueConstraint", has_unique_constraint, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"dropPrimaryKey", drop_primary_key, 0, PHP_ANY}},
        {{"dropIndex", drop_index, 1, PHP_ANY}},
        {{"renameIndex", rename_index, 1, PHP_ANY}},
        {{"columnsAreIndexed", columns_are_indexed, 1, PHP_ANY}},
        {{"addColumn", add_column, 2, PHP_ANY}},
        {{"renameColumn", rename_column, 2, PHP_ANY}, .gone = DOCTRINE_3_7},
        {{"changeColumn", change_column, 2, PHP_ANY}},
        {{"modifyColumn", change_column, 2, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"dropColumn", drop_column, 1, PHP_ANY}},
        {{"hasColumn", has_column, 1, PHP_ANY}},
        {{"getColumn", get_column, 1, PHP_ANY}},
        {{"getColumns", get_columns, 0, PHP_ANY}},
        {{"addForeignKeyConstraint", add_foreign_key, 3, PHP_ANY}},
        {{"addUnnamedForeignKeyConstraint", add_unnamed_foreign_key, 3, PHP_ANY}, .gone = DOCTRINE_3_7},
        {{"addNamedForeignKeyConstraint", add_named_foreign_key, 4, PHP_ANY}, .gone = DOCTRINE_3_7},
        {{"hasForeignKey", has_foreign_key, 1, PHP_ANY}},
        {{"getForeignKey", get_foreign_key, 1, PHP_ANY}},
        {{"removeForeignKey", remove_foreign_key, 1, PHP_ANY}},
        {{"getForeignKeys", get_foreign_keys, 0, PHP_ANY}},
        {{"getForeignKeyColumns", get_foreign_key_columns, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasPrimaryKey", has_primary_key, 0, PHP_ANY}},
        {{"getPrimaryKey", get_primary_key, 0, PHP_ANY}},
        {{"getPrimaryKeyColumns", get_primary_key_columns, 0, PHP_ANY}},
        {{"hasIndex", has_index, 1, PHP_ANY}},
        {{"getIndex", get_index, 1, PHP_ANY}},
        {{"getIndexes", get_indexes, 0, PHP_ANY}},
        {{"addOption", add_option, 2, PHP_ANY}},
        {{"hasOption", has_option, 1, PHP_ANY}},
        {{"getOption", get_option, 1, PHP_ANY}},
        {{"getOptions", get_options, 0, PHP_ANY}},
        {{"setComment", set_comment, 1, PHP_ANY}, .from = DOCTRINE_2_10},
        {{"getComment", get_comment, 0, PHP_ANY}, .from = DOCTRINE_2_10},
        {{"visit", visit, 1, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class table_classes[] = {
        {{.name = DBAL "Schema\\Table",
                 .parent = DBAL "Schema\\AbstractAsset",
                 .construct = construct,
                 .release = table_free,
                 .clone = table_copy},
                methods},
        {{NULL}},
};
