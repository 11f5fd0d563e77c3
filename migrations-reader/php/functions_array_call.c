/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#define CALLBACK_ARGUMENTS 3
#define MAP_ARRAYS 16

/* Calls with borrowed arguments. */
static enum php_flow call_with(struct php_run *run, struct php_value callable, struct php_value first,
        struct php_value second, size_t count, struct php_value *ret)
{
        const struct php_value arguments[] = {first, second};
        TRY(php_step(run));
        return php_call(run, callable, arguments, count, ret);
}

static enum php_flow map_one(struct php_run *run, struct php_call *call, struct php_value *mapped)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        TRY(php_argument_array(run, call, 1, &array));
        if (!php_given_value(call, 0)) {
                *mapped = php_copy(array);
                return PHP_OK;
        }
        *mapped = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
                TRY(call_with(run, php_argument(call, 0), value, value, 1, &result));
                php_array_set(mapped, key, php_steal(&result));
        }
        return PHP_OK;
}

/* The next elements of all arrays, null where one has ended; false when all have. */
static bool next_row(struct php_value *arrays, size_t *at, size_t count, struct php_value *ret_row)
{
        bool any = false;
        for (size_t i = 0; i < count; i++) {
                ret_row[i] = PHP_NULL_VALUE;
                if (php_array_next(arrays[i], &at[i], NULL, &ret_row[i]))
                        any = true;
        }
        return any;
}

static struct php_value array_of(const struct php_value *values, size_t count)
{
        struct php_value array = php_new_array();
        for (size_t i = 0; i < count; i++)
                php_array_append(&array, php_copy(values[i]));
        return array;
}

static enum php_flow map_many(struct php_run *run, struct php_call *call, struct php_value *mapped)
{
        struct php_value arrays[MAP_ARRAYS];
        struct php_value row[MAP_ARRAYS];
        size_t at[MAP_ARRAYS] = {0};
        size_t count = call->count - 1;
        if (count > MAP_ARRAYS)
                return php_needs_php(run, "array_map() of so many arrays");
        for (size_t i = 0; i < count; i++)
                TRY(php_argument_array(run, call, i + 1, &arrays[i]));
        *mapped = php_new_array();
        while (next_row(arrays, at, count, row)) {
                _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
                TRY(php_step(run));
                if (php_given_value(call, 0))
                        TRY(php_call(run, php_argument(call, 0), row, count, &result));
                else
                        result = array_of(row, count);
                php_array_append(mapped, php_steal(&result));
        }
        return PHP_OK;
}

PHP_FUNCTION(array_map)
{
        _cleanup_php_value_ struct php_value mapped = PHP_NULL_VALUE;
        if (php_given_value(call, 0))
                TRY(php_check_callable(run, call, 0));
        if (call->count == 2)
                TRY(map_one(run, call, &mapped));
        else
                TRY(map_many(run, call, &mapped));
        return php_return(call, php_steal(&mapped));
}

enum { FILTER_VALUE, FILTER_BOTH, FILTER_KEY };

static enum php_flow is_wanted(struct php_run *run, struct php_call *call, int64_t mode, struct php_key key,
        struct php_value value, bool *ret)
{
        if (!php_given(call, 1)) {
                *ret = php_truth(value);
                return PHP_OK;
        }
        _cleanup_php_value_ struct php_value key_value = php_key_value(key);
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        TRY(call_with(run, php_argument(call, 1), mode == FILTER_KEY ? key_value : value, key_value,
                mode == FILTER_BOTH ? 2 : 1, &result));
        *ret = php_truth(result);
        return PHP_OK;
}

PHP_FUNCTION(array_filter)
{
        struct php_value array;
        struct php_value value;
        struct php_key key;
        int64_t mode = FILTER_VALUE;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_optional_int(run, call, 2, &mode));
        if (php_given(call, 1) && !php_given_value(call, 1))
                return php_differs(run, "array_filter() with the callback null");
        if (php_given(call, 1))
                TRY(php_check_callable(run, call, 1));
        if (mode < FILTER_VALUE || mode > FILTER_KEY)
                return php_needs_php(run, "array_filter() with an unknown mode");
        _cleanup_php_value_ struct php_value filtered = php_new_array();
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                bool wanted;
                TRY(is_wanted(run, call, mode, key, value, &wanted));
                if (wanted)
                        php_array_set(&filtered, key, php_copy(value));
        }
        return php_return(call, php_steal(&filtered));
}

PHP_FUNCTION(array_reduce)
{
        struct php_value array;
        struct php_value value;
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_check_callable(run, call, 1));
        _cleanup_php_value_ struct php_value carried = php_copy(php_argument(call, 2));
        for (size_t at = 0; php_array_next(array, &at, NULL, &value);) {
                _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
                TRY(call_with(run, php_argument(call, 1), carried, value, 2, &result));
                php_clear(&carried);
                carried = php_steal(&result);
        }
        return php_return(call, php_steal(&carried));
}

/* Calls with the element itself, which the callback may take by reference. */
static enum php_flow walk_element(
        struct php_run *run, struct php_call *call, struct php_key key, struct php_value *slot)
{
        _cleanup_php_value_ struct php_value key_value = php_key_value(key);
        _cleanup_php_value_ struct php_value element = php_make_reference(slot);
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        const struct php_value arguments[CALLBACK_ARGUMENTS] = {element, key_value, php_argument(call, 2)};
        TRY(php_step(run));
        return php_call(run, php_argument(call, 1), arguments,
                php_given(call, 2) ? CALLBACK_ARGUMENTS : CALLBACK_ARGUMENTS - 1, &result);
}

static enum php_flow walk(
        struct php_run *run, struct php_call *call, struct php_value array, bool recursive, unsigned depth)
{
        struct php_key key;
        struct php_value *slot;
        if (depth > 100)
                return php_needs_php(run, "an array nested so deeply");
        for (size_t at = 0; php_array_next_slot(&array, &at, &key, &slot);) {
                if (recursive && php_look(*slot).type == PHP_TYPE_ARRAY) {
                        _cleanup_php_value_ struct php_value inner = php_make_reference(slot);
                        TRY(walk(run, call, inner, true, depth + 1));
                } else {
                        TRY(walk_element(run, call, key, slot));
                }
        }
        return PHP_OK;
}

static enum php_flow walk_array(struct php_run *run, struct php_call *call, bool recursive)
{
        if (php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "array_walk() of a %s", php_type_name(php_argument(call, 0)));
        TRY(php_check_callable(run, call, 1));
        TRY(walk(run, call, call->arguments[0], recursive, 0));
        return php_return(call, php_bool(true));
}

PHP_FUNCTION(array_walk)
{
        return walk_array(run, call, false);
}

PHP_FUNCTION(array_walk_recursive)
{
        return walk_array(run, call, true);
}

PHP_FUNCTION(call_function)
{
        TRY(php_check_callable(run, call, 0));
        return php_call(run, php_argument(call, 0), call->arguments + 1, call->count - 1, call->ret);
}

PHP_FUNCTION(call_function_array)
{
        struct php_value array;
        struct php_key key;
        TRY(php_argument_array(run, call, 1, &array));
        TRY(php_check_callable(run, call, 0));
        size_t count = php_array_count(array);
        _cleanup_free_ struct php_value *arguments = memory_new_array(count + 1, sizeof(*arguments));
        size_t i = 0;
        for (size_t at = 0; php_array_next(array, &at, &key, &arguments[i]); i++)
                if (key.is_string)
                        return php_differs(run, "call_user_func_array() with named arguments");
        return php_call(run, php_argument(call, 0), arguments, count, call->ret);
}

/* All that an Iterator gives, into *array; the keys too when they are wanted. */
static enum php_flow take_iterator(
        struct php_run *run, struct php_value iterator, bool keep, struct php_value *array)
{
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        TRY(php_call_method(run, iterator, "rewind", NULL, 0, &ignored));
        for (;;) {
                _cleanup_php_value_ struct php_value valid = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value moved = PHP_NULL_VALUE;
                struct php_key key;
                TRY(php_step(run));
                TRY(php_call_method(run, iterator, "valid", NULL, 0, &valid));
                if (!php_truth(valid))
                        return PHP_OK;
                TRY(php_call_method(run, iterator, "current", NULL, 0, &value));
                if (keep) {
                        TRY(php_call_method(run, iterator, "key", NULL, 0, &name));
                        if (!php_key_of(php_look(name), &key))
                                return php_needs_php(
                                        run, "an iterator's key that is a %s", php_type_name(php_look(name)));
                        php_array_set(array, key, php_copy(php_look(value)));
                } else {
                        php_array_append(array, php_copy(php_look(value)));
                }
                TRY(php_call_method(run, iterator, "next", NULL, 0, &moved));
        }
}

PHP_FUNCTION(iterator_to_array)
{
        bool keep = true;
        TRY(php_optional_bool(run, call, 1, &keep));
        if (php_argument(call, 0).type != PHP_TYPE_OBJECT)
                return php_differs(run, "iterator_to_array() of a %s", php_type_name(php_argument(call, 0)));
        _cleanup_php_value_ struct php_value iterator = php_copy(php_argument(call, 0));
        while (php_instance_of(run, iterator, "IteratorAggregate")) {
                struct php_value inner = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(php_call_method(run, iterator, "getIterator", NULL, 0, &inner));
                php_clear(&iterator);
                iterator = inner;
        }
        if (iterator.type != PHP_TYPE_OBJECT || !php_instance_of(run, iterator, "Iterator"))
                return php_needs_php(run, "iterator_to_array() of what is no iterator");
        _cleanup_php_value_ struct php_value array = php_new_array();
        TRY(take_iterator(run, iterator, keep, &array));
        return php_return(call, php_steal(&array));
}

const struct php_host_function php_functions_array_call[] = {
        {"array_filter", array_filter, 1, 3, 0, "array,callback,mode"},
        {"array_map", array_map, 2, PHP_ANY, 0, NULL},
        {"array_reduce", array_reduce, 2, 3, 0, "array,callback,initial"},
        {"array_walk", array_walk, 2, 3, 1, "array,callback,arg"},
        {"array_walk_recursive", array_walk_recursive, 2, 3, 1, "array,callback,arg"},
        {"call_user_func", call_function, 1, PHP_ANY, 0, NULL},
        {"call_user_func_array", call_function_array, 2, 2, 0, "callback,args"},
        {"iterator_to_array", iterator_to_array, 1, 2, 0, "iterator,preserve_keys"},
        {0},
};
