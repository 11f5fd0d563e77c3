/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/comparator.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

/* The names of the properties in which two columns differ, in Doctrine's order. */

struct difference {
        struct php_run *run;
        enum doctrine_version version;
        struct php_value left, right; /* toArray() */
        struct php_value changed; /* names */
};

static struct php_value get(struct php_value array, const char *name)
{
        const struct php_value *value = php_array_get_text(array, name);

        return value ? *value : PHP_NULL_VALUE;
}

static void note(struct difference *diff, struct php_value name) /* takes it */
{
        struct php_value known;

        for (size_t at = 0; php_array_next(diff->changed, &at, NULL, &known);)
                if (php_identical(known, name)) {
                        php_release(name);
                        return;
                }
        (void)php_array_append(&diff->changed, name);
}

static enum php_flow loose_equal(
        struct php_run *run, struct php_value left, struct php_value right, bool *ret)
{
        if (php_loose_equal(left, right, ret) != PHP_DONE)
                return php_needs_php(run, "values of a column that PHP 7 and PHP 8 compare differently");
        return PHP_OK;
}

/* != in dbal 2.5, !== since */
static enum php_flow compare(struct difference *diff, const char *name)
{
        struct php_value left = get(diff->left, name), right = get(diff->right, name);
        bool equal = php_identical(left, right);

        if (diff->version == DOCTRINE_2_5)
                TRY(loose_equal(diff->run, left, right, &equal));
        if (!equal)
                note(diff, php_text(name));
        return PHP_OK;
}

static const struct type_info *type_on(struct difference *diff, struct php_value side)
{
        return type_of(diff->run, get(side, "type"));
}

static bool is_old_json(const struct type_info *type)
{
        return strcmp(type->name, "json_array") == 0;
}

static enum php_flow compare_types(struct difference *diff)
{
        const struct type_info *left = type_on(diff, diff->left), *right = type_on(diff, diff->right);

        if (!left || !right)
                return php_needs_php(diff->run, "a column of a type that is not Doctrine's");
        if (strcmp(left->class, right->class) != 0)
                note(diff, php_text("type"));
        TRY(compare(diff, "notnull"));
        TRY(compare(diff, "unsigned"));
        TRY(compare(diff, "autoincrement"));
        /* json_array and json differ in the comment only; dbal 2 takes the type out of the list again. */
        if (diff->version != DOCTRINE_2_5 && diff->version < DOCTRINE_3_7 &&
                left->declaration == DECLARE_JSON && right->declaration == DECLARE_JSON &&
                is_old_json(left) != is_old_json(right)) {
                struct php_value rest = php_new_array(), name;
                bool first = true;

                for (size_t at = 0; php_array_next(diff->changed, &at, NULL, &name); first = false)
                        if (!first)
                                (void)php_array_append(&rest, php_copy(name));
                php_clear(&diff->changed);
                diff->changed = rest;
                note(diff, php_text("comment"));
        }
        return PHP_OK;
}

static enum php_flow compare_defaults(struct difference *diff)
{
        struct php_value left = get(diff->left, "default"), right = get(diff->right, "default");
        bool equal = (left.type == PHP_TYPE_NULL) == (right.type == PHP_TYPE_NULL);

        if (equal && !php_identical(left, right))
                TRY(loose_equal(diff->run, left, right, &equal));
        if (!equal)
                note(diff, php_text("default"));
        return PHP_OK;
}

/* A number, or the other one for none. */
static bool same_number(struct difference *diff, const char *name, int64_t none)
{
        struct php_value values[] = {get(diff->left, name), get(diff->right, name)};

        for (size_t i = 0; i < ARRAY_SIZE(values); i++)
                if (diff->version >= DOCTRINE_3_7 ? values[i].type == PHP_TYPE_NULL : !php_truth(values[i]))
                        values[i] = php_int(none);
        return php_identical(values[0], values[1]);
}

static enum php_flow compare_sizes(struct difference *diff)
{
        const struct type_info *type = type_on(diff, diff->left);

        if (type->declaration == DECLARE_VARCHAR || type->declaration == DECLARE_ASCII ||
                type->declaration == DECLARE_BINARY) {
                if (!same_number(diff, "length", 255))
                        note(diff, php_text("length"));
                return compare(diff, "fixed");
        }
        if (type->declaration != DECLARE_DECIMAL)
                return PHP_OK;
        if (!same_number(diff, "precision", 10))
                note(diff, php_text("precision"));
        return compare(diff, "scale");
}

static bool is_empty(struct php_value value)
{
        return value.type == PHP_TYPE_NULL || php_string_is(value, "");
}

static void compare_comments(struct difference *diff)
{
        struct php_value left = get(diff->left, "comment"), right = get(diff->right, "comment");

        if (!php_identical(left, right) && !(is_empty(left) && is_empty(right)))
                note(diff, php_text("comment"));
}

static void compare_options(
        struct difference *diff, struct php_value options, struct php_value others, bool custom)
{
        struct php_key key;

        for (size_t at = 0; php_array_next(options, &at, &key, NULL);) {
                const struct php_value *left = php_array_get(diff->left, key);
                const struct php_value *right = php_array_get(diff->right, key);

                if (!custom && !php_array_get(others, key))
                        continue;
                if (!left || !right || !php_identical(php_look(*left), php_look(*right)))
                        note(diff, php_key_value(key));
        }
}

enum php_flow compare_columns(
        struct php_run *run, const struct column *left, const struct column *right, struct php_value *ret)
{
        struct difference diff = {
                .run = run,
                .version = version_of(run),
                .left = column_array(left),
                .right = column_array(right),
                .changed = php_new_array(),
        };
        enum php_flow flow = compare_types(&diff);

        if (flow == PHP_OK)
                flow = compare_defaults(&diff);
        if (flow == PHP_OK)
                flow = compare_sizes(&diff);
        compare_comments(&diff);
        compare_options(&diff, left->values[COLUMN_CUSTOM_OPTIONS], PHP_NULL_VALUE, true);
        compare_options(&diff, right->values[COLUMN_CUSTOM_OPTIONS], PHP_NULL_VALUE, true);
        compare_options(
                &diff, left->values[COLUMN_PLATFORM_OPTIONS], right->values[COLUMN_PLATFORM_OPTIONS], false);
        php_release(diff.left);
        php_release(diff.right);
        *ret = diff.changed;
        if (flow != PHP_OK)
                php_clear(ret);
        return flow;
}

/* Dbal 3: equal when they are declared alike. */
static enum php_flow declared(
        struct php_run *run, const struct platform *platform, const struct column *column, struct buffer *out)
{
        _cleanup_php_value_ struct php_value sent = PHP_NULL_VALUE;

        TRY(column_sent(run, platform, column, &sent));
        php_array_set_text(&sent, "columnDefinition", PHP_NULL_VALUE);
        return column_declaration(run, platform, "", sent, out);
}

static bool mismatches(const struct column *column)
{
        return value_isset(
                php_array_get_text(column->values[COLUMN_PLATFORM_OPTIONS], "declarationMismatch"));
}

enum php_flow columns_equal(struct php_run *run, const struct comparator *comparator,
        const struct column *left, const struct column *right, bool *ret)
{
        _cleanup_buffer_ struct buffer left_text = {0}, right_text = {0};
        struct php_value changed = PHP_NULL_VALUE;

        if (comparator->kind == COMPARE_PLAIN) {
                TRY(compare_columns(run, left, right, &changed));
                *ret = php_array_count(changed) == 0;
                php_release(changed);
                return PHP_OK;
        }
        TRY(declared(run, comparator->platform, left, &left_text));
        TRY(declared(run, comparator->platform, right, &right_text));
        *ret = left_text.size == right_text.size &&
               memcmp(left_text.data, right_text.data, left_text.size) == 0 && !mismatches(left) &&
               !mismatches(right);
        return PHP_OK;
}
