/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#define COUNT_RECURSIVE 1

static int64_t count_recursively(struct php_value array)
{
        int64_t count = (int64_t)php_array_count(array);
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);)
                if (value.type == PHP_TYPE_ARRAY)
                        count += count_recursively(value);
        return count;
}

PHP_FUNCTION(count)
{
        struct php_value value = php_argument(call, 0);
        int64_t mode = 0;
        TRY(php_optional_int(run, call, 1, &mode));
        if (value.type == PHP_TYPE_OBJECT && php_instance_of(run, value, "Countable"))
                return php_call_method(run, value, "count", NULL, 0, call->ret);
        if (value.type != PHP_TYPE_ARRAY || mode < 0 || mode > COUNT_RECURSIVE)
                return php_differs(run, "count() of a %s", php_type_name(value));
        if (mode == COUNT_RECURSIVE)
                return php_return(call, php_int(count_recursively(value)));
        return php_return(call, php_int((int64_t)php_array_count(value)));
}

static enum php_flow equals(
        struct php_run *run, struct php_value left, struct php_value right, bool strict, bool *ret)
{
        TRY(php_step(run));
        if (strict) {
                *ret = php_identical(left, right);
                return PHP_OK;
        }
        return php_expect(run, php_loose_equal(left, right, ret), "comparing values of different types");
}

/* The key of the first element that equals, in *ret_key; *ret_found tells whether there is one. */
static enum php_flow find_value(
        struct php_run *run, struct php_call *call, struct php_key *ret_key, bool *ret_found)
{
        struct php_value needle = php_argument(call, 0);
        struct php_value array;
        struct php_value value;
        bool strict = false;
        TRY(php_argument_array(run, call, 1, &array));
        TRY(php_optional_bool(run, call, 2, &strict));
        *ret_found = false;
        for (size_t at = 0; !*ret_found && php_array_next(array, &at, ret_key, &value);)
                TRY(equals(run, needle, value, strict, ret_found));
        return PHP_OK;
}

PHP_FUNCTION(in_array)
{
        struct php_key key;
        bool found;
        TRY(find_value(run, call, &key, &found));
        return php_return(call, php_bool(found));
}

PHP_FUNCTION(array_search)
{
        struct php_key key;
        bool found;
        TRY(find_value(run, call, &key, &found));
        return php_return(call, found ? php_key_value(key) : php_bool(false));
}

PHP_FUNCTION(array_keys)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        bool strict = false;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_optional_bool(run, call, 2, &strict));
        _cleanup_php_value_ struct php_value keys = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                bool wanted = true;
                if (php_given(call, 1))
                        TRY(equals(run, value, php_argument(call, 1), strict, &wanted));
                if (wanted)
                        php_array_append(&keys, php_key_value(key));
        }
        return php_return(call, php_steal(&keys));
}

PHP_FUNCTION(array_values)
{
        struct php_value array;
        struct php_value value;
        TRY(php_argument_array(run, call, 0, &array));
        struct php_value values = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);)
                php_array_append(&values, php_copy(value));
        return php_return(call, values);
}

PHP_FUNCTION(array_key_exists)
{
        struct php_value name = php_argument(call, 0);
        struct php_value array = php_argument(call, 1);
        struct php_key key;
        if (array.type != PHP_TYPE_ARRAY ||
                (name.type != PHP_TYPE_STRING && name.type != PHP_TYPE_INT && name.type != PHP_TYPE_NULL))
                return php_differs(run, "array_key_exists() of a %s and a %s", php_type_name(name),
                        php_type_name(array));
        return php_return(call, php_bool(php_key_of(name, &key) && php_array_get(array, key)));
}

PHP_FUNCTION(array_key_first)
{
        struct php_value array;
        struct php_key key;
        size_t at = 0;
        TRY(php_argument_array(run, call, 0, &array));
        return php_return(call, php_array_next(array, &at, &key, NULL) ? php_key_value(key) : PHP_NULL_VALUE);
}

PHP_FUNCTION(array_key_last)
{
        struct php_value array;
        struct php_key key;
        size_t at = SIZE_MAX;
        TRY(php_argument_array(run, call, 0, &array));
        return php_return(
                call, php_array_previous(array, &at, &key, NULL) ? php_key_value(key) : PHP_NULL_VALUE);
}

PHP_FUNCTION(array_is_list)
{
        struct php_value array;
        struct php_key key;
        int64_t expected = 0;
        TRY(php_argument_array(run, call, 0, &array));
        for (size_t at = 0; php_array_next(array, &at, &key, NULL); expected++)
                if (key.is_string || key.integer != expected)
                        return php_return(call, php_bool(false));
        return php_return(call, php_bool(true));
}

/* What an element counts in array_sum() and array_product(). */
static enum php_flow number_of(struct php_run *run, struct php_value value, struct php_value *ret)
{
        bool numeric = true;
        int64_t integer;
        if (value.type == PHP_TYPE_INT || value.type == PHP_TYPE_FLOAT) {
                *ret = value;
        } else if (value.type == PHP_TYPE_STRING) {
                TRY(php_expect(run, php_numeric(value, &numeric, ret), "the sum of numbers with blanks"));
                if (!numeric)
                        return php_needs_php(run, "the sum or product of texts that are no numbers");
        } else if (value.type == PHP_TYPE_NULL || value.type == PHP_TYPE_BOOL) {
                TRY(php_expect(run, php_to_int(value, &integer), "the sum of values"));
                *ret = php_int(integer);
        } else {
                return php_needs_php(run, "the sum or product of an %s", php_type_name(value));
        }
        return PHP_OK;
}

static enum php_flow accumulate(
        struct php_run *run, struct php_call *call, enum php_operator operator, int64_t begin)
{
        struct php_value array;
        struct php_value value;
        struct php_value total = php_int(begin);
        TRY(php_argument_array(run, call, 0, &array));
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);) {
                _cleanup_buffer_ struct buffer message = {0};
                struct php_value number = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(number_of(run, value, &number));
                TRY(php_expect(
                        run, php_operate(operator, total, number, &total, &message), "the sum of values"));
        }
        return php_return(call, total);
}

PHP_FUNCTION(array_sum)
{
        return accumulate(run, call, PHP_ADD, 0);
}

PHP_FUNCTION(array_product)
{
        return accumulate(run, call, PHP_MULTIPLY, 1);
}

/* The by-reference array of argument 0: written to through the reference. */
static enum php_flow argument_variable(struct php_run *run, struct php_call *call, struct php_value *ret)
{
        struct php_value array;
        TRY(php_argument_array(run, call, 0, &array));
        *ret = call->arguments[0];
        return PHP_OK;
}

PHP_FUNCTION(array_push)
{
        struct php_value array;
        TRY(argument_variable(run, call, &array));
        for (size_t i = 1; i < call->count; i++)
                if (!php_array_append(&array, php_copy(php_argument(call, i))))
                        return php_needs_php(run, "array_push() behind the largest key");
        return php_return(call, php_int((int64_t)php_array_count(array)));
}

PHP_FUNCTION(array_pop)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        size_t at = SIZE_MAX;
        TRY(argument_variable(run, call, &array));
        if (!php_array_previous(array, &at, &key, &value))
                return php_return(call, PHP_NULL_VALUE);
        struct php_value last = php_copy(value);
        bool numbered = !key.is_string && key.integer == php_array_next_key(array) - 1;
        int64_t number = key.integer;
        php_array_remove(&array, key);
        if (numbered)
                php_array_set_next_key(&array, number);
        php_array_set_pointer(&array, 0);
        return php_return(call, last);
}

/* The elements of `array` that php_array_next gives from `at` on behind those of *target: integer keys are
 * numbered anew. */
static void append_renumbered(struct php_value *target, struct php_value array, size_t at)
{
        struct php_key key;
        struct php_value value;
        while (php_array_next(array, &at, &key, &value)) {
                if (key.is_string)
                        php_array_set(target, key, php_copy(value));
                else
                        php_array_append(target, php_copy(value));
        }
}

PHP_FUNCTION(array_shift)
{
        struct php_value array;
        struct php_value value;
        size_t at = 0;
        TRY(argument_variable(run, call, &array));
        if (!php_array_next(array, &at, NULL, &value))
                return php_return(call, PHP_NULL_VALUE);
        TRY(php_step(run));
        *call->ret = php_copy(value);
        struct php_value rest = php_new_array();
        append_renumbered(&rest, array, at);
        php_put_argument(call, 0, rest);
        return PHP_OK;
}

PHP_FUNCTION(array_unshift)
{
        struct php_value array;
        TRY(argument_variable(run, call, &array));
        struct php_value longer = php_new_array();
        for (size_t i = 1; i < call->count; i++)
                php_array_append(&longer, php_copy(php_argument(call, i)));
        append_renumbered(&longer, array, 0);
        php_put_argument(call, 0, longer);
        return php_return(call, php_int((int64_t)php_array_count(longer)));
}

/* ---- the internal pointer ---- */

static enum php_flow argument_pointed(struct php_run *run, struct php_call *call, struct php_value *ret)
{
        if (php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_differs(run, "the internal pointer of a %s", php_type_name(php_argument(call, 0)));
        *ret = call->arguments[0];
        return PHP_OK;
}

/* The element that is pointed at, or false behind the last. */
static enum php_flow return_current(struct php_call *call, struct php_value array)
{
        struct php_value value;
        size_t at = php_array_pointer(array);
        return php_return(call, php_array_next(array, &at, NULL, &value) ? php_copy(value) : php_bool(false));
}

PHP_FUNCTION(array_current)
{
        struct php_value array;
        TRY(argument_pointed(run, call, &array));
        return return_current(call, array);
}

PHP_FUNCTION(array_current_key)
{
        struct php_value array;
        struct php_key key;
        TRY(argument_pointed(run, call, &array));
        size_t at = php_array_pointer(array);
        return php_return(call, php_array_next(array, &at, &key, NULL) ? php_key_value(key) : PHP_NULL_VALUE);
}

PHP_FUNCTION(array_reset)
{
        struct php_value array;
        TRY(argument_pointed(run, call, &array));
        php_array_set_pointer(&array, 0);
        return return_current(call, array);
}

PHP_FUNCTION(array_end)
{
        struct php_value array;
        size_t at = SIZE_MAX;
        TRY(argument_pointed(run, call, &array));
        php_array_set_pointer(&array, php_array_previous(array, &at, NULL, NULL) ? at : 0);
        return return_current(call, array);
}

PHP_FUNCTION(array_forward)
{
        struct php_value array;
        TRY(argument_pointed(run, call, &array));
        size_t at = php_array_pointer(array);
        if (php_array_next(array, &at, NULL, NULL))
                php_array_set_pointer(&array, at);
        return return_current(call, array);
}

PHP_FUNCTION(array_back)
{
        struct php_value array;
        TRY(argument_pointed(run, call, &array));
        size_t at = php_array_pointer(array);
        size_t here = at;
        if (!php_array_next(array, &here, NULL, NULL))
                return php_return(call, php_bool(false));
        php_array_set_pointer(&array, php_array_previous(array, &at, NULL, NULL) ? at : SIZE_MAX);
        return return_current(call, array);
}

const struct php_host_function php_functions_array[] = {
        {"array_is_list", array_is_list, 1, 1, 0, "array"},
        {"array_key_exists", array_key_exists, 2, 2, 0, "key,array"},
        {"array_key_first", array_key_first, 1, 1, 0, "array"},
        {"array_key_last", array_key_last, 1, 1, 0, "array"},
        {"array_keys", array_keys, 1, 3, 0, "array,filter_value,strict"},
        {"array_pop", array_pop, 1, 1, 1, "array"},
        {"array_product", array_product, 1, 1, 0, "array"},
        {"array_push", array_push, 1, PHP_ANY, 1, NULL},
        {"array_search", array_search, 2, 3, 0, "needle,haystack,strict"},
        {"array_shift", array_shift, 1, 1, 1, "array"},
        {"array_sum", array_sum, 1, 1, 0, "array"},
        {"array_unshift", array_unshift, 1, PHP_ANY, 1, NULL},
        {"array_values", array_values, 1, 1, 0, "array"},
        {"count", count, 1, 2, 0, "value,mode"},
        {"current", array_current, 1, 1, 0, "array"},
        {"end", array_end, 1, 1, 1, "array"},
        {"in_array", in_array, 2, 3, 0, "needle,haystack,strict"},
        {"key", array_current_key, 1, 1, 0, "array"},
        {"key_exists", array_key_exists, 2, 2, 0, "key,array"},
        {"next", array_forward, 1, 1, 1, "array"},
        {"pos", array_current, 1, 1, 0, "array"},
        {"prev", array_back, 1, 1, 1, "array"},
        {"reset", array_reset, 1, 1, 1, "array"},
        {"sizeof", count, 1, 2, 0, "value,mode"},
        {0},
};
