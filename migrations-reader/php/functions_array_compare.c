/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

/*
 * array_diff(), array_intersect() and their kin: which elements of the first array are in all, or in none, of
 * the others. Two elements are the same when their keys or their values are, or both, as the function's name
 * says; either may be compared by a callback. Values are compared as strings otherwise.
 */

enum comparison {
        IGNORED,
        PLAIN,
        BY_CALLBACK,
};

struct difference {
        enum comparison keys;
        enum comparison values;
        bool common; /* array_intersect… */
};

static enum php_flow callback_equal(struct php_run *run, struct php_value callback, struct php_value left,
        struct php_value right, bool *ret)
{
        const struct php_value arguments[] = {left, right};
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        int64_t order = 0;
        TRY(php_call(run, callback, arguments, ARRAY_SIZE(arguments), &result));
        if (result.type != PHP_TYPE_INT && result.type != PHP_TYPE_FLOAT)
                return php_needs_php(
                        run, "a comparison that returns a %s instead of a number", php_type_name(result));
        TRY(php_expect(run, php_to_int(result, &order), "a comparison's result"));
        *ret = order == 0;
        return PHP_OK;
}

static enum php_flow strings_equal(
        struct php_run *run, struct php_value left, struct php_value right, bool *ret)
{
        _cleanup_php_value_ struct php_value left_text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value right_text = PHP_NULL_VALUE;
        TRY(php_stringify(run, left, &left_text));
        TRY(php_stringify(run, right, &right_text));
        *ret = php_identical(left_text, right_text);
        return PHP_OK;
}

static enum php_flow compared(struct php_run *run, struct php_call *call, enum comparison comparison,
        struct php_value left, struct php_value right, bool *ret)
{
        switch (comparison) {
        case IGNORED:
                break;
        case PLAIN:
                return strings_equal(run, left, right, ret);
        case BY_CALLBACK:
                return callback_equal(run, php_argument(call, call->count - 1), left, right, ret);
        }
        *ret = true;
        return PHP_OK;
}

/* The strings of an array's values, as keys. */
static enum php_flow string_set(struct php_run *run, struct php_value array, struct php_value *ret)
{
        struct php_value value;
        *ret = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(php_stringify(run, value, &text));
                php_array_set(
                        ret, php_key_bytes(php_string_bytes(text), php_string_size(text)), php_bool(true));
        }
        return PHP_OK;
}

static enum php_flow in_set(struct php_run *run, struct php_value set, struct php_value value, bool *ret)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_stringify(run, value, &text));
        *ret = php_array_get(set, php_key_bytes(php_string_bytes(text), php_string_size(text)));
        return PHP_OK;
}

/* Looks through `other` for an element that is the same. */
static enum php_flow find_same(struct php_run *run, struct php_call *call, struct difference difference,
        struct php_value other, struct php_key key, struct php_value value, bool *ret)
{
        _cleanup_php_value_ struct php_value key_value = php_key_value(key);
        struct php_key other_key;
        struct php_value other_value;
        *ret = false;
        for (size_t at = 0; !*ret && php_array_next(other, &at, &other_key, &other_value);) {
                _cleanup_php_value_ struct php_value other_key_value = php_key_value(other_key);
                TRY(php_step(run));
                TRY(compared(run, call, difference.values, value, other_value, ret));
                if (*ret)
                        TRY(compared(run, call, difference.keys, key_value, other_key_value, ret));
        }
        return PHP_OK;
}

static enum php_flow has_same(struct php_run *run, struct php_call *call, struct difference difference,
        struct php_value other, struct php_value set, struct php_key key, struct php_value value, bool *ret)
{
        if (difference.keys == IGNORED && difference.values == PLAIN)
                return in_set(run, set, value, ret);
        if (difference.keys != PLAIN)
                return find_same(run, call, difference, other, key, value, ret);
        const struct php_value *there = php_array_get(other, key);
        *ret = there;
        return there ? compared(run, call, difference.values, value, *there, ret) : PHP_OK;
}

/* Removes from *left what is in `other`, or what is not. */
static enum php_flow reduce(struct php_run *run, struct php_call *call, struct difference difference,
        struct php_value *left, struct php_value other)
{
        _cleanup_php_value_ struct php_value set = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value kept = php_new_array();
        struct php_key key;
        struct php_value value;
        if (difference.keys == IGNORED && difference.values == PLAIN)
                TRY(string_set(run, other, &set));
        for (size_t at = 0; php_array_next(*left, &at, &key, &value);) {
                bool same;
                TRY(php_step(run));
                TRY(has_same(run, call, difference, other, set, key, value, &same));
                if (same == difference.common)
                        php_array_set(&kept, key, php_copy(value));
        }
        php_clear(left);
        *left = php_steal(&kept);
        return PHP_OK;
}

/* Some of them take elements out of a copy of the first array, so that the next key stays what it was; the
 * others put what is left into a new one. Source: ext/standard/array.c, php_array_diff, php_array_intersect.
 */
static bool takes_out(struct difference difference)
{
        if (difference.keys == IGNORED && difference.values == PLAIN)
                return difference.common;
        return difference.keys != PLAIN;
}

static enum php_flow compare_arrays(struct php_run *run, struct php_call *call, struct difference difference)
{
        bool callback = difference.keys == BY_CALLBACK || difference.values == BY_CALLBACK;
        size_t arrays = call->count - (callback ? 1 : 0);
        struct php_value array;
        TRY(php_argument_array(run, call, 0, &array));
        if (callback)
                TRY(php_check_callable(run, call, call->count - 1));
        _cleanup_php_value_ struct php_value left = php_copy(array);
        if (arrays == 1 && !callback)
                return php_differs(run, "the difference of one array");
        for (size_t i = 1; i < arrays; i++) {
                TRY(php_argument_array(run, call, i, &array));
                TRY(reduce(run, call, difference, &left, array));
        }
        if (takes_out(difference))
                php_array_set_next_key(&left, php_array_next_key(php_argument(call, 0)));
        return php_return(call, php_steal(&left));
}

#define COMPARISON(name, ...)                                                                                \
        PHP_FUNCTION(name)                                                                                   \
        {                                                                                                    \
                return compare_arrays(run, call, (struct difference){__VA_ARGS__});                          \
        }

COMPARISON(array_diff, .values = PLAIN)
COMPARISON(array_diff_assoc, .keys = PLAIN, .values = PLAIN)
COMPARISON(array_diff_key, .keys = PLAIN)
COMPARISON(array_diff_uassoc, .keys = BY_CALLBACK, .values = PLAIN)
COMPARISON(array_diff_ukey, .keys = BY_CALLBACK)
COMPARISON(array_udiff, .values = BY_CALLBACK)
COMPARISON(array_udiff_assoc, .keys = PLAIN, .values = BY_CALLBACK)
COMPARISON(array_intersect, .values = PLAIN, .common = true)
COMPARISON(array_intersect_assoc, .keys = PLAIN, .values = PLAIN, .common = true)
COMPARISON(array_intersect_key, .keys = PLAIN, .common = true)
COMPARISON(array_intersect_uassoc, .keys = BY_CALLBACK, .values = PLAIN, .common = true)
COMPARISON(array_intersect_ukey, .keys = BY_CALLBACK, .common = true)
COMPARISON(array_uintersect, .values = BY_CALLBACK, .common = true)
COMPARISON(array_uintersect_assoc, .keys = PLAIN, .values = BY_CALLBACK, .common = true)

const struct php_host_function php_functions_array_compare[] = {
        {"array_diff", array_diff, 1, PHP_ANY, 0, NULL},
        {"array_diff_assoc", array_diff_assoc, 1, PHP_ANY, 0, NULL},
        {"array_diff_key", array_diff_key, 1, PHP_ANY, 0, NULL},
        {"array_diff_uassoc", array_diff_uassoc, 3, PHP_ANY, 0, NULL},
        {"array_diff_ukey", array_diff_ukey, 3, PHP_ANY, 0, NULL},
        {"array_intersect", array_intersect, 1, PHP_ANY, 0, NULL},
        {"array_intersect_assoc", array_intersect_assoc, 1, PHP_ANY, 0, NULL},
        {"array_intersect_key", array_intersect_key, 1, PHP_ANY, 0, NULL},
        {"array_intersect_uassoc", array_intersect_uassoc, 3, PHP_ANY, 0, NULL},
        {"array_intersect_ukey", array_intersect_ukey, 3, PHP_ANY, 0, NULL},
        {"array_udiff", array_udiff, 3, PHP_ANY, 0, NULL},
        {"array_udiff_assoc", array_udiff_assoc, 3, PHP_ANY, 0, NULL},
        {"array_uintersect", array_uintersect, 3, PHP_ANY, 0, NULL},
        {"array_uintersect_assoc", array_uintersect_assoc, 3, PHP_ANY, 0, NULL},
        {0},
};
