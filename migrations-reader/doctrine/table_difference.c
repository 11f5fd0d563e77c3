/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/comparator.h"

#include <string.h>
#include <strings.h>

/* What differs between two tables: a TableDiff. */

struct table_difference {
        struct php_run *run;
        const struct comparator *comparator;
        enum doctrine_version version;
        const struct table *from, *to;
        struct php_value added_columns, changed_columns, removed_columns, renamed_columns;
        struct php_value added_indexes, changed_indexes, removed_indexes, renamed_indexes;
        struct php_value added_keys, changed_keys, removed_keys;
};

/* Each part and the property of TableDiff that it becomes. */
static const struct {
        size_t offset;
        const char *property;
} parts[] = {
        {offsetof(struct table_difference, added_columns), "addedColumns"},
        {offsetof(struct table_difference, changed_columns), "changedColumns"},
        {offsetof(struct table_difference, removed_columns), "removedColumns"},
        {offsetof(struct table_difference, renamed_columns), "renamedColumns"},
        {offsetof(struct table_difference, added_indexes), "addedIndexes"},
        {offsetof(struct table_difference, changed_indexes), "changedIndexes"},
        {offsetof(struct table_difference, removed_indexes), "removedIndexes"},
        {offsetof(struct table_difference, renamed_indexes), "renamedIndexes"},
        {offsetof(struct table_difference, added_keys), "addedForeignKeys"},
        {offsetof(struct table_difference, changed_keys), "changedForeignKeys"},
        {offsetof(struct table_difference, removed_keys), "removedForeignKeys"},
};

static struct php_value *part_of(struct table_difference *diff, size_t i)
{
        return (struct php_value *)((char *)diff + parts[i].offset);
}

static void difference_deinit(struct table_difference *diff)
{
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                php_clear(part_of(diff, i));
}

static bool has_key(struct php_value array, struct php_key key)
{
        return php_array_get(array, key);
}

static char *lower_name(const struct asset *asset)
{
        char *name = asset_name(asset);

        for (char *at = name; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return name;
}

static void unset(struct php_value *array, const char *name)
{
        (void)php_array_remove(array, php_key_bytes(name, strlen(name)));
}

/* ---- Columns ---- */

static enum php_flow change_column(
        struct table_difference *diff, struct php_value from_object, struct php_value to_object)
{
        const struct column *from = column_of(diff->run, from_object), *to = column_of(diff->run, to_object);
        _cleanup_php_value_ struct php_value changed = PHP_NULL_VALUE;
        _cleanup_free_ char *name = asset_name(&from->asset);
        struct php_value column_diff;
        bool equal = false;

        TRY(compare_columns(diff->run, from, to, &changed));
        if (diff->comparator->kind == COMPARE_PLAIN)
                equal = php_array_count(changed) == 0;
        else
                TRY(columns_equal(diff->run, diff->comparator, from, to, &equal));
        if (equal)
                return PHP_OK;
        column_diff = php_host_object(diff->run, DBAL "Schema\\ColumnDiff", NULL);
        php_set_property(column_diff, "oldColumnName", php_text(name));
        php_set_property(column_diff, "column", php_copy(to_object));
        php_set_property(column_diff, "changedProperties", php_steal(&changed));
        php_set_property(column_diff, "fromColumn", php_copy(from_object));
        php_array_set_text(&diff->changed_columns, name, column_diff);
        return PHP_OK;
}

static enum php_flow compare_all_columns(struct table_difference *diff)
{
        _cleanup_php_value_ struct php_value from = PHP_NULL_VALUE, to = PHP_NULL_VALUE;
        struct php_value object;
        struct php_key key;

        TRY(table_columns(diff->run, diff->from, &from));
        TRY(table_columns(diff->run, diff->to, &to));
        for (size_t at = 0; php_array_next(to, &at, &key, &object);)
                if (!has_key(diff->from->columns, key))
                        php_array_set(&diff->added_columns, key, php_copy(object));
        for (size_t at = 0; php_array_next(from, &at, &key, &object);) {
                const struct php_value *other = php_array_get(diff->to->columns, key);

                if (!other)
                        php_array_set(&diff->removed_columns, key, php_copy(object));
                else
                        TRY(change_column(diff, object, *other));
        }
        return PHP_OK;
}

/* The one of the removed that the added one could be: 0 none, 1 one, 2 several. A name that is added twice in
 * different spelling counts together, which no table can have. */
static enum php_flow find_column(struct table_difference *diff, struct php_value removed,
        struct php_value added, struct php_value *ret, int *ret_count)
{
        struct php_value object;

        *ret_count = 0;
        for (size_t at = 0; php_array_next(removed, &at, NULL, &object);) {
                bool equal = false;

                TRY(columns_equal(diff->run, diff->comparator, column_of(diff->run, added),
                        column_of(diff->run, object), &equal));
                if (equal && (*ret_count)++ == 0)
                        *ret = object;
        }
        return PHP_OK;
}

static enum php_flow rename_columns(struct table_difference *diff)
{
        _cleanup_php_value_ struct php_value added = php_copy(diff->added_columns);
        _cleanup_php_value_ struct php_value removed = php_copy(diff->removed_columns);
        struct php_value object;

        for (size_t at = 0; php_array_next(added, &at, NULL, &object);) {
                struct php_value old = PHP_NULL_VALUE;
                _cleanup_free_ char *old_name = NULL, *old_lower = NULL, *name = NULL;
                int count = 0;

                TRY(find_column(diff, removed, object, &old, &count));
                if (count != 1)
                        continue;
                old_lower = lower_name(&column_of(diff->run, old)->asset);
                old_name = diff->version >= DOCTRINE_3_7 ? asset_name(&column_of(diff->run, old)->asset)
                                                         : string_copy(old_lower);
                name = lower_name(&column_of(diff->run, object)->asset);
                if (php_array_get_text(diff->renamed_columns, old_name))
                        continue;
                php_array_set_text(&diff->renamed_columns, old_name, php_copy(object));
                unset(&diff->added_columns, name);
                unset(&diff->removed_columns, old_lower);
        }
        return PHP_OK;
}

/* ---- Indexes ---- */

bool indexes_differ(enum doctrine_version version, const struct index *left, const struct index *right)
{
        return !(index_fulfilled(version, left, right) && index_fulfilled(version, right, left));
}

static void compare_indexes(struct table_difference *diff)
{
        const struct php_value *from_primary = table_primary_key(diff->from);
        const struct php_value *to_primary = table_primary_key(diff->to);
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(diff->to->indexes, &at, &key, &object);)
                if (!(index_of(diff->run, object)->primary && from_primary) &&
                        !has_key(diff->from->indexes, key))
                        php_array_set(&diff->added_indexes, key, php_copy(object));
        for (size_t at = 0; php_array_next(diff->from->indexes, &at, &key, &object);) {
                const struct index *index = index_of(diff->run, object);
                const struct php_value *other =
                        index->primary ? to_primary : php_array_get(diff->to->indexes, key);

                if (!other)
                        php_array_set(&diff->removed_indexes, key, php_copy(object));
                else if (indexes_differ(diff->version, index, index_of(diff->run, *other)))
                        php_array_set(&diff->changed_indexes, key, php_copy(*other));
        }
}

static void rename_indexes(struct table_difference *diff)
{
        _cleanup_php_value_ struct php_value added = php_copy(diff->added_indexes);
        _cleanup_php_value_ struct php_value removed = php_copy(diff->removed_indexes);
        struct php_value object, other, old;

        for (size_t at = 0; php_array_next(added, &at, NULL, &object);) {
                const struct index *index = index_of(diff->run, object);
                _cleanup_free_ char *old_name = NULL, *name = lower_name(&index->asset);
                int count = 0;

                old = PHP_NULL_VALUE;
                for (size_t place = 0; php_array_next(removed, &place, NULL, &other);)
                        if (!indexes_differ(diff->version, index, index_of(diff->run, other)) && count++ == 0)
                                old = other;
                if (count != 1)
                        continue;
                old_name = lower_name(&index_of(diff->run, old)->asset);
                if (php_array_get_text(diff->renamed_indexes, old_name))
                        continue;
                php_array_set_text(&diff->renamed_indexes, old_name, php_copy(object));
                unset(&diff->added_indexes, name);
                unset(&diff->removed_indexes, old_name);
        }
}

/* ---- Foreign keys ---- */

static bool same_names(char *const *left, char *const *right)
{
        for (; *left && *right; left++, right++) {
                _cleanup_free_ char *left_name = name_normalize(*left), *right_name = name_normalize(*right);

                if (strcmp(left_name, right_name) != 0)
                        return false;
        }
        return !*left && !*right;
}

static bool same_action(const struct foreign_key *left, const struct foreign_key *right, const char *event)
{
        _cleanup_free_ char *left_action = foreign_key_action(left, event);
        _cleanup_free_ char *right_action = foreign_key_action(right, event);

        return strcmp(left_action, right_action) == 0;
}

bool foreign_keys_differ(
        enum doctrine_version version, const struct foreign_key *left, const struct foreign_key *right)
{
        _cleanup_free_ char *left_table = foreign_key_unqualified(version, left);
        _cleanup_free_ char *right_table = foreign_key_unqualified(version, right);

        return !same_names(left->columns, right->columns) ||
               !same_names(left->foreign_columns, right->foreign_columns) ||
               strcmp(left_table, right_table) != 0 || !same_action(left, right, "onUpdate") ||
               !same_action(left, right, "onDelete");
}

static bool same_key_name(const struct foreign_key *left, const struct foreign_key *right)
{
        _cleanup_free_ char *left_name = lower_name(&left->asset), *right_name = lower_name(&right->asset);

        return strcmp(left_name, right_name) == 0;
}

/* A key is compared with all that are left when its turn begins, also those that it has met already: of two
 * equal keys of a table both are taken by the first. */
static void compare_with_keys(struct table_difference *diff, struct php_value from_object,
        struct php_key from_key, struct php_value *from, struct php_value *to)
{
        const struct foreign_key *mine = foreign_key_of(diff->run, from_object);
        _cleanup_php_value_ struct php_value others = php_copy(*to);
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(others, &at, &key, &object);) {
                const struct foreign_key *its = foreign_key_of(diff->run, object);
                bool differ = foreign_keys_differ(diff->version, mine, its);

                if (differ && !same_key_name(mine, its))
                        continue;
                if (differ)
                        (void)php_array_append(&diff->changed_keys, php_copy(object));
                (void)php_array_remove(from, from_key);
                (void)php_array_remove(to, key);
        }
}

static void compare_foreign_keys(struct table_difference *diff)
{
        _cleanup_php_value_ struct php_value from = php_copy(diff->from->foreign_keys);
        _cleanup_php_value_ struct php_value to = php_copy(diff->to->foreign_keys);
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(diff->from->foreign_keys, &at, &key, &object);)
                compare_with_keys(diff, object, key, &from, &to);
        for (size_t at = 0; php_array_next(from, &at, NULL, &object);)
                (void)php_array_append(&diff->removed_keys, php_copy(object));
        for (size_t at = 0; php_array_next(to, &at, NULL, &object);)
                (void)php_array_append(&diff->added_keys, php_copy(object));
}

/* ---- All ---- */

static bool is_empty(struct table_difference *diff)
{
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (php_array_count(*part_of(diff, i)) > 0)
                        return false;
        return true;
}

static enum php_flow compare_parts(struct table_difference *diff)
{
        TRY(compare_all_columns(diff));
        TRY(rename_columns(diff));
        compare_indexes(diff);
        rename_indexes(diff);
        compare_foreign_keys(diff);
        return PHP_OK;
}

static enum php_flow make_difference(
        struct table_difference *diff, struct php_value from_object, struct php_value *ret)
{
        struct php_value object = difference_new(diff->run, DBAL "Schema\\TableDiff", table_diff_arrays);

        php_set_property(object, "name",
                name_value(diff->version >= DOCTRINE_3_7 ? &diff->to->asset : &diff->from->asset));
        php_set_property(object, "newName", php_bool(false));
        php_set_property(object, "fromTable", php_copy(from_object));
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                php_set_property(object, parts[i].property, php_steal(part_of(diff, i)));
        *ret = object;
        return PHP_OK;
}

enum php_flow compare_tables_fully(struct php_run *run, const struct comparator *comparator,
        struct php_value from, struct php_value to, bool always, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value from_table = php_copy(from), to_table = php_copy(to);
        _cleanup_(difference_deinit) struct table_difference diff = {
                .run = run, .comparator = comparator, .version = version_of(run)};

        if (comparator->normalize) {
                php_clear(&from_table);
                php_clear(&to_table);
                TRY(normalize_table(run, from, &from_table));
                TRY(normalize_table(run, to, &to_table));
        }
        diff.from = table_of(run, from_table);
        diff.to = table_of(run, to_table);
        if (!diff.from || !diff.to)
                return php_needs_php(run, "a table that is not Doctrine's");
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                *part_of(&diff, i) = php_new_array();
        TRY(compare_parts(&diff));
        *ret = PHP_NULL_VALUE;
        if (is_empty(&diff) && !always)
                return PHP_OK;
        return make_difference(&diff, from_table, ret);
}

enum php_flow compare_tables(struct php_run *run, const struct comparator *comparator, struct php_value from,
        struct php_value to, struct php_value *ret)
{
        return compare_tables_fully(run, comparator, from, to, false, ret);
}
