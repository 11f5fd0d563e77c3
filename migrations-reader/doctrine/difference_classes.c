/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/comparator.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

/*
 * Doctrine\DBAL\Schema\{Comparator,SchemaDiff,TableDiff,ColumnDiff}. Differences have public properties that
 * PHP code may read and write: they are all that they have.
 */

const char *const table_diff_arrays[] = {"addedColumns", "changedColumns", "removedColumns", "renamedColumns",
        "addedIndexes", "changedIndexes", "removedIndexes", "renamedIndexes", "addedForeignKeys",
        "changedForeignKeys", "removedForeignKeys", NULL};
const char *const schema_diff_arrays[] = {"newNamespaces", "removedNamespaces", "newTables", "changedTables",
        "removedTables", "newSequences", "changedSequences", "removedSequences", "orphanedForeignKeys", NULL};

static void set_arrays(struct php_value object, const char *const *arrays)
{
        for (; *arrays; arrays++)
                php_set_property(object, *arrays, php_new_array());
}

struct php_value difference_new(struct php_run *run, const char *class, const char *const *arrays)
{
        struct php_value object = php_host_object(run, class, NULL);

        set_arrays(object, arrays);
        return object;
}

static struct php_value property(const struct php_call *call, const char *name)
{
        const struct php_value *value = php_property(call->this, name);

        return value ? php_look(*value) : PHP_NULL_VALUE;
}

/* Arguments in their order become these properties; NULL in the list is passed over. */
static void set_given(struct php_call *call, size_t first, const char *const *names)
{
        for (size_t i = 0; names[i]; i++)
                if (first + i < call->count)
                        php_set_property(call->this, names[i], php_copy(php_argument(call, first + i)));
}

static enum php_flow construct_table_diff(struct php_run *run, struct php_call *call)
{
        static const char *const names[] = {"name", "addedColumns", "changedColumns", "removedColumns",
                "addedIndexes", "changedIndexes", "removedIndexes", "fromTable", "addedForeignKeys",
                "changedForeignKeys", "removedForeignKeys", "renamedColumns", "renamedIndexes", NULL};

        set_arrays(call->this, table_diff_arrays);
        php_set_property(call->this, "newName", php_bool(false));
        php_set_property(call->this, "fromTable", PHP_NULL_VALUE);
        set_given(call, 0, names);
        return PHP_OK;
}

static enum php_flow construct_column_diff(struct php_run *run, struct php_call *call)
{
        static const char *const names[] = {
                "oldColumnName", "column", "changedProperties", "fromColumn", NULL};

        php_set_property(call->this, "changedProperties", php_new_array());
        php_set_property(call->this, "fromColumn", PHP_NULL_VALUE);
        set_given(call, 0, names);
        return PHP_OK;
}

static enum php_flow construct_schema_diff(struct php_run *run, struct php_call *call)
{
        static const char *const names[] = {"newTables", "changedTables", "removedTables", "fromSchema",
                "newNamespaces", "removedNamespaces", "newSequences", "changedSequences", "removedSequences",
                NULL};

        set_arrays(call->this, schema_diff_arrays);
        php_set_property(call->this, "fromSchema", PHP_NULL_VALUE);
        set_given(call, 0, names);
        return PHP_OK;
}

/* ---- TableDiff ---- */

static enum php_flow identifier(struct php_run *run, struct php_call *call, const char *name, bool quoted)
{
        struct php_value arguments[2] = {php_text(name), php_bool(quoted)};
        enum php_flow flow = php_new(run, DBAL "Schema\\Identifier", arguments, 2, call->ret);

        php_release(arguments[0]);
        return flow;
}

static enum php_flow get_table_name(struct php_run *run, struct php_call *call)
{
        const struct table *from = table_of(run, property(call, "fromTable"));
        struct platform *platform = platform_of(run, php_argument(call, 0));
        _cleanup_free_ char *name = NULL;

        if (from && !platform)
                return php_needs_php(run, "a platform that is not MySQL's");
        if (from)
                name = asset_quoted_name(&from->asset, platform);
        else
                TRY(text_of(run, property(call, "name"), &name));
        return identifier(run, call, name, false);
}

static enum php_flow get_new_name(struct php_run *run, struct php_call *call)
{
        struct php_value given = property(call, "newName");
        _cleanup_free_ char *name = NULL;

        if (!php_truth(given))
                return php_return(call, php_copy(given));
        TRY(text_of(run, given, &name));
        return identifier(run, call, name, false);
}

static enum php_flow values_of(struct php_call *call, const char *name)
{
        struct php_value array = property(call, name), list = php_new_array(), value;

        if (array.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(array, &at, NULL, &value);)
                        (void)php_array_append(&list, php_copy(value));
        return php_return(call, list);
}

#define VALUES(method, name)                                                                                 \
        static enum php_flow method(struct php_run *run, struct php_call *call)                              \
        {                                                                                                    \
                return values_of(call, name);                                                                \
        }
#define PROPERTY(method, name)                                                                               \
        static enum php_flow method(struct php_run *run, struct php_call *call)                              \
        {                                                                                                    \
                return php_return(call, php_copy(property(call, name)));                                     \
        }

VALUES(get_added_columns, "addedColumns")
VALUES(get_modified_columns, "changedColumns")
VALUES(get_dropped_columns, "removedColumns")
PROPERTY(get_renamed_columns, "renamedColumns")
VALUES(get_added_indexes, "addedIndexes")
VALUES(get_modified_indexes, "changedIndexes")
VALUES(get_dropped_indexes, "removedIndexes")
PROPERTY(get_renamed_indexes, "renamedIndexes")
PROPERTY(get_added_keys, "addedForeignKeys")
PROPERTY(get_modified_keys, "changedForeignKeys")
PROPERTY(get_dropped_keys, "removedForeignKeys")
PROPERTY(get_old_table, "fromTable")

static bool all_empty(struct php_call *call, const char *const *arrays)
{
        for (; *arrays; arrays++) {
                struct php_value array = property(call, *arrays);

                if (array.type == PHP_TYPE_ARRAY && php_array_count(array) > 0)
                        return false;
        }
        return true;
}

static enum php_flow is_table_diff_empty(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(all_empty(call, table_diff_arrays)));
}

static const struct doctrine_method table_diff_methods[] = {
        {{"getName", get_table_name, 1, PHP_ANY}},
        {{"getNewName", get_new_name, 0, PHP_ANY}},
        {{"getOldTable", get_old_table, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getAddedColumns", get_added_columns, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getModifiedColumns", get_modified_columns, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getDroppedColumns", get_dropped_columns, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getRenamedColumns", get_renamed_columns, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getAddedIndexes", get_added_indexes, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getModifiedIndexes", get_modified_indexes, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getDroppedIndexes", get_dropped_indexes, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getRenamedIndexes", get_renamed_indexes, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getAddedForeignKeys", get_added_keys, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getModifiedForeignKeys", get_modified_keys, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getDroppedForeignKeys", get_dropped_keys, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"isEmpty", is_table_diff_empty, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{NULL}},
};

/* ---- ColumnDiff ---- */

static bool is_changed(struct php_call *call, const char *name)
{
        struct php_value changed = property(call, "changedProperties"), value;

        if (changed.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(changed, &at, NULL, &value);)
                        if (php_string_is(value, name))
                                return true;
        return false;
}

static enum php_flow has_changed(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(is_changed(call, name)));
}

#define CHANGED(method, name)                                                                                \
        static enum php_flow method(struct php_run *run, struct php_call *call)                              \
        {                                                                                                    \
                return php_return(call, php_bool(is_changed(call, name)));                                   \
        }

CHANGED(type_changed, "type")
CHANGED(length_changed, "length")
CHANGED(precision_changed, "precision")
CHANGED(scale_changed, "scale")
CHANGED(unsigned_changed, "unsigned")
CHANGED(fixed_changed, "fixed")
CHANGED(notnull_changed, "notnull")
CHANGED(default_changed, "default")
CHANGED(autoincrement_changed, "autoincrement")
CHANGED(comment_changed, "comment")
PROPERTY(get_old_column, "fromColumn")
PROPERTY(get_new_column, "column")

static enum php_flow get_old_column_name(struct php_run *run, struct php_call *call)
{
        const struct column *from = column_of(run, property(call, "fromColumn"));
        _cleanup_free_ char *name = NULL;

        if (from && version_of(run) >= DOCTRINE_3_7)
                name = asset_name(&from->asset);
        else
                TRY(text_of(run, property(call, "oldColumnName"), &name));
        return identifier(run, call, name, from && from->asset.quoted);
}

static const struct doctrine_method column_diff_methods[] = {
        {{"hasChanged", has_changed, 1, PHP_ANY}},
        {{"getOldColumnName", get_old_column_name, 0, PHP_ANY}},
        {{"getOldColumn", get_old_column, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getNewColumn", get_new_column, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasTypeChanged", type_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasLengthChanged", length_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasPrecisionChanged", precision_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasScaleChanged", scale_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasUnsignedChanged", unsigned_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasFixedChanged", fixed_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasNotNullChanged", notnull_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasDefaultChanged", default_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasAutoIncrementChanged", autoincrement_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"hasCommentChanged", comment_changed, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{NULL}},
};

/* ---- SchemaDiff ---- */

static enum php_flow to_sql(struct php_run *run, struct php_call *call, bool keep)
{
        struct platform *platform = platform_of(run, php_argument(call, 0));
        _cleanup_php_value_ struct php_value sql = php_new_array();

        if (!platform)
                return php_needs_php(run, "a platform that is not MySQL's");
        TRY(sql_schema_difference(run, platform, call->this, keep, &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow schema_to_sql(struct php_run *run, struct php_call *call)
{
        return to_sql(run, call, false);
}

static enum php_flow schema_to_save_sql(struct php_run *run, struct php_call *call)
{
        return to_sql(run, call, true);
}

PROPERTY(get_created_tables, "newTables")
PROPERTY(get_altered_tables, "changedTables")
PROPERTY(get_dropped_tables, "removedTables")

static enum php_flow is_schema_diff_empty(struct php_run *run, struct php_call *call)
{
        static const char *const counted[] = {"newNamespaces", "removedNamespaces", "newTables",
                "changedTables", "removedTables", "newSequences", "changedSequences", "removedSequences",
                NULL};

        return php_return(call, php_bool(all_empty(call, counted)));
}

static const struct doctrine_method schema_diff_methods[] = {
        {{"toSql", schema_to_sql, 1, PHP_ANY}},
        {{"toSaveSql", schema_to_save_sql, 1, PHP_ANY}},
        {{"getCreatedTables", get_created_tables, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getAlteredTables", get_altered_tables, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getDroppedTables", get_dropped_tables, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"isEmpty", is_schema_diff_empty, 0, PHP_ANY}, .from = DOCTRINE_3_7},
        {{NULL}},
};

/* ---- Comparator ---- */

/* The schema manager's comparator has its struct; one that is made by `new` has none. */
static struct comparator comparator_of(struct php_call *call)
{
        const struct comparator *comparator = call->this_host;

        return comparator ? *comparator : (struct comparator){.kind = COMPARE_PLAIN};
}

static enum php_flow construct_comparator(struct php_run *run, struct php_call *call)
{
        struct platform *platform = platform_of(run, php_argument(call, 0));
        struct comparator *comparator = memory_new(sizeof(*comparator));

        if (platform && version_of(run) >= DOCTRINE_3_7)
                *comparator = (struct comparator){.kind = COMPARE_PLATFORM, .platform = platform};
        php_set_host_data(call->this, comparator);
        return PHP_OK;
}

static enum php_flow compare_two_schemas(struct php_run *run, struct php_call *call)
{
        struct comparator comparator = comparator_of(call);

        return compare_schemas(run, &comparator, php_argument(call, 0), php_argument(call, 1), call->ret);
}

static enum php_flow diff_table(struct php_run *run, struct php_call *call)
{
        struct comparator comparator = comparator_of(call);

        TRY(compare_tables(run, &comparator, php_argument(call, 0), php_argument(call, 1), call->ret));
        if (call->ret->type == PHP_TYPE_NULL)
                *call->ret = php_bool(false);
        return PHP_OK;
}

static enum php_flow compare_two_tables(struct php_run *run, struct php_call *call)
{
        struct comparator comparator = comparator_of(call);

        return compare_tables_fully(
                run, &comparator, php_argument(call, 0), php_argument(call, 1), true, call->ret);
}

static enum php_flow diff_column(struct php_run *run, struct php_call *call)
{
        const struct column *left = column_of(run, php_argument(call, 0));
        const struct column *right = column_of(run, php_argument(call, 1));

        if (!left || !right)
                return php_needs_php(run, "a column that is not Doctrine's");
        return compare_columns(run, left, right, call->ret);
}

static enum php_flow diff_index(struct php_run *run, struct php_call *call)
{
        const struct index *left = index_of(run, php_argument(call, 0));
        const struct index *right = index_of(run, php_argument(call, 1));

        if (!left || !right)
                return php_needs_php(run, "an index that is not Doctrine's");
        return php_return(call, php_bool(indexes_differ(version_of(run), left, right)));
}

static enum php_flow diff_foreign_key(struct php_run *run, struct php_call *call)
{
        const struct foreign_key *left = foreign_key_of(run, php_argument(call, 0));
        const struct foreign_key *right = foreign_key_of(run, php_argument(call, 1));

        if (!left || !right)
                return php_needs_php(run, "a foreign key that is not Doctrine's");
        return php_return(call, php_bool(foreign_keys_differ(version_of(run), left, right)));
}

static const struct doctrine_method comparator_methods[] = {
        {{"compareSchemas", compare_two_schemas, 2, PHP_ANY, true}, .gone = DOCTRINE_3_7},
        {{"compareSchemas", compare_two_schemas, 2, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"compare", compare_two_schemas, 2, PHP_ANY}},
        {{"diffTable", diff_table, 2, PHP_ANY}},
        {{"compareTables", compare_two_tables, 2, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"diffColumn", diff_column, 2, PHP_ANY}},
        {{"diffIndex", diff_index, 2, PHP_ANY}},
        {{"diffForeignKey", diff_foreign_key, 2, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class comparator_classes[] = {
        {{.name = DBAL "Schema\\TableDiff", .shows_properties = true, .construct = construct_table_diff},
                table_diff_methods},
        {{.name = DBAL "Schema\\ColumnDiff", .shows_properties = true, .construct = construct_column_diff},
                column_diff_methods},
        {{.name = DBAL "Schema\\SchemaDiff", .shows_properties = true, .construct = construct_schema_diff},
                schema_diff_methods},
        {{.name = DBAL "Schema\\Comparator", .construct = construct_comparator, .release = free},
                comparator_methods},
        {{.name = DBAL "Platforms\\MySQL\\Comparator",
                 .parent = DBAL "Schema\\Comparator",
                 .is_abstract = true,
                 .release = free},
                .from = DOCTRINE_3_7},
        {{NULL}},
};
