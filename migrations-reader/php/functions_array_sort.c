/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/*
 * Sorting. PHP 8 sorts stably, PHP 7 only up to 16 elements: beyond, elements that compare as equal and are
 * not the same stop the run. So do values that have no one order ("10" < "9a" < 9 < "10"), for then the order
 * is the algorithm's.
 */

#define STABLE_IN_PHP_7 16
#define CHECKED_ELEMENTS 2000 /* at most so many when each pair is looked at */

enum {
        SORT_REGULAR = 0,
        SORT_NUMERIC = 1,
        SORT_STRING = 2,
        SORT_NATURAL = 6,
        SORT_FLAG_CASE = 8,
};

struct element {
        struct php_value key; /* as a value */
        struct php_value value;
};

struct sorting {
        struct php_run *run;
        struct php_value callback; /* null: flags */
        int64_t flags;
        bool by_key;
        bool keep_keys;
        bool descending;
};

static enum php_flow compare_strings(
        struct php_run *run, int64_t flags, struct php_value left, struct php_value right, int *ret)
{
        _cleanup_php_value_ struct php_value left_text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value right_text = PHP_NULL_VALUE;
        bool fold = flags & SORT_FLAG_CASE;
        TRY(php_stringify(run, left, &left_text));
        TRY(php_stringify(run, right, &right_text));
        struct php_span a = php_span_of(left_text);
        struct php_span b = php_span_of(right_text);
        *ret = (flags & ~SORT_FLAG_CASE) == SORT_NATURAL ? php_natural_compare(a, b, fold)
                                                         : php_span_compare(a, b, fold);
        return PHP_OK;
}

static enum php_flow compare_numbers(
        struct php_run *run, struct php_value left, struct php_value right, int *ret)
{
        double a;
        double b;
        TRY(php_expect(run, php_to_float(left, &a), "sorting values as numbers"));
        TRY(php_expect(run, php_to_float(right, &b), "sorting values as numbers"));
        *ret = a < b ? -1 : a > b ? 1 : 0;
        return PHP_OK;
}

enum php_flow php_compare_flagged(
        struct php_run *run, int64_t flags, struct php_value left, struct php_value right, int *ret)
{
        switch (flags & ~SORT_FLAG_CASE) {
        case SORT_REGULAR:
                TRY(php_expect(run, php_compare(left, right, ret), "comparing values of different types"));
                if (*ret == 2)
                        return php_needs_php(run, "sorting values that can't be compared");
                return PHP_OK;
        case SORT_NUMERIC:
                return compare_numbers(run, left, right, ret);
        case SORT_STRING:
        case SORT_NATURAL:
                return compare_strings(run, flags, left, right, ret);
        }
        return php_needs_php(run, "sorting with the flags %lld", (long long)flags);
}

static enum php_flow compare_by_callback(
        const struct sorting *sorting, struct php_value left, struct php_value right, int *ret)
{
        const struct php_value arguments[] = {left, right};
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        int64_t order = 0;
        TRY(php_call(sorting->run, sorting->callback, arguments, ARRAY_SIZE(arguments), &result));
        struct php_value number = php_look(result);
        if (number.type != PHP_TYPE_INT && number.type != PHP_TYPE_FLOAT)
                return php_needs_php(sorting->run, "a comparison that returns a %s instead of a number",
                        php_type_name(number));
        TRY(php_expect(sorting->run, php_to_int(number, &order), "a comparison's result"));
        *ret = order < 0 ? -1 : order > 0 ? 1 : 0;
        return PHP_OK;
}

static enum php_flow compare_elements(
        const struct sorting *sorting, const struct element *left, const struct element *right, int *ret)
{
        struct php_value a = sorting->by_key ? left->key : left->value;
        struct php_value b = sorting->by_key ? right->key : right->value;
        TRY(php_step(sorting->run));
        if (sorting->callback.type != PHP_TYPE_NULL)
                return compare_by_callback(sorting, a, b, ret);
        return sorting->descending ? php_compare_flagged(sorting->run, sorting->flags, b, a, ret)
                                   : php_compare_flagged(sorting->run, sorting->flags, a, b, ret);
}

static enum php_flow merge(const struct sorting *sorting, struct element *elements, size_t middle,
        size_t count, struct element *scratch)
{
        size_t left = 0;
        size_t right = middle;
        for (size_t i = 0; i < count; i++) {
                int order = left == middle ? 1 : -1;
                if (left < middle && right < count)
                        TRY(compare_elements(sorting, &elements[left], &elements[right], &order));
                scratch[i] = order > 0 ? elements[right++] : elements[left++];
        }
        memcpy(elements, scratch, count * sizeof(*elements));
        return PHP_OK;
}

static enum php_flow merge_sort(
        const struct sorting *sorting, struct element *elements, size_t count, struct element *scratch)
{
        if (count < 2)
                return PHP_OK;
        TRY(merge_sort(sorting, elements, count / 2, scratch));
        TRY(merge_sort(sorting, elements + count / 2, count - count / 2, scratch));
        return merge(sorting, elements, count / 2, count, scratch);
}

/* What the regular comparison of values orders without contradiction among its like. */
enum kind {
        KIND_NUMBER,
        KIND_NUMERIC,
        KIND_TEXT,
        KIND_OTHER,
};

static enum php_flow kind_of(struct php_run *run, struct php_value value, enum kind *ret)
{
        *ret = KIND_OTHER;
        if (value.type == PHP_TYPE_INT || (value.type == PHP_TYPE_FLOAT && value.number == value.number))
                *ret = KIND_NUMBER;
        if (value.type != PHP_TYPE_STRING)
                return PHP_OK;
        struct php_value number = PHP_NULL_VALUE;
        bool numeric = false;
        TRY(php_expect(run, php_numeric(value, &numeric, &number), "sorting numbers with blanks"));
        *ret = numeric ? KIND_NUMERIC : KIND_TEXT;
        return PHP_OK;
}

static enum php_flow is_uniform(
        const struct sorting *sorting, const struct element *elements, size_t count, bool *ret)
{
        enum kind first = KIND_OTHER;
        *ret = true;
        for (size_t i = 0; *ret && i < count; i++) {
                enum kind kind;
                TRY(kind_of(sorting->run, sorting->by_key ? elements[i].key : elements[i].value, &kind));
                if (i == 0)
                        first = kind;
                *ret = kind == first && kind != KIND_OTHER;
        }
        return PHP_OK;
}

/* Makes sure that each pair stands in order, and that what is equal stands together: then there is only this
 * one order. */
static enum php_flow check_order(const struct sorting *sorting, const struct element *elements, size_t count)
{
        if (count > CHECKED_ELEMENTS)
                return php_needs_php(sorting->run, "sorting so many values of different types");
        for (size_t i = 0; i < count; i++) {
                bool equal = true;
                for (size_t j = i + 1; j < count; j++) {
                        int order;
                        TRY(compare_elements(sorting, &elements[i], &elements[j], &order));
                        if (order > 0 || (order == 0 && !equal))
                                return php_needs_php(
                                        sorting->run, "sorting values that have no order among them");
                        equal = order == 0;
                }
        }
        return PHP_OK;
}

static bool is_same(const struct sorting *sorting, const struct element *left, const struct element *right)
{
        return !sorting->keep_keys && php_identical(left->value, right->value);
}

/* Beyond what PHP 7 sorts stably, equals must not be tellable apart. */
static enum php_flow check_equals(const struct sorting *sorting, const struct element *elements, size_t count)
{
        for (size_t i = 1; count > STABLE_IN_PHP_7 && i < count; i++) {
                int order;
                if (is_same(sorting, &elements[i - 1], &elements[i]))
                        continue;
                TRY(compare_elements(sorting, &elements[i - 1], &elements[i], &order));
                if (order == 0)
                        return php_differs(
                                sorting->run, "sorting more than %d elements, some equal,", STABLE_IN_PHP_7);
        }
        return PHP_OK;
}

/* A callback that contradicts itself (1 for greater, 0 for less and equal) gives an order that is the
 * algorithm's. */
static enum php_flow check_callback(
        const struct sorting *sorting, const struct element *elements, size_t count)
{
        for (size_t i = 1; i < count; i++) {
                int order;
                int reversed;
                TRY(compare_elements(sorting, &elements[i - 1], &elements[i], &order));
                TRY(compare_elements(sorting, &elements[i], &elements[i - 1], &reversed));
                if (order > 0 || order != -reversed)
                        return php_needs_php(sorting->run, "a comparison that contradicts itself");
        }
        return PHP_OK;
}

static enum php_flow sort_elements(const struct sorting *sorting, struct element *elements, size_t count)
{
        bool uniform = true;
        _cleanup_free_ struct element *scratch = memory_new_array(count + 1, sizeof(*scratch));
        TRY(merge_sort(sorting, elements, count, scratch));
        if (sorting->callback.type == PHP_TYPE_NULL && (sorting->flags & ~SORT_FLAG_CASE) == SORT_REGULAR)
                TRY(is_uniform(sorting, elements, count, &uniform));
        if (!uniform)
                TRY(check_order(sorting, elements, count));
        if (sorting->callback.type != PHP_TYPE_NULL)
                TRY(check_callback(sorting, elements, count));
        return check_equals(sorting, elements, count);
}

/* The elements of an array, with values borrowed from it and keys of their own. */
struct elements {
        struct element *items;
        size_t count;
};

static void elements_deinit(struct elements *elements)
{
        for (size_t i = 0; i < elements->count; i++)
                php_release(elements->items[i].key);
        free(elements->items);
}

static void read_elements(struct php_value array, struct elements *ret)
{
        struct php_key key;
        ret->items = memory_new_array(php_array_count(array) + 1, sizeof(*ret->items));
        for (size_t at = 0; php_array_next(array, &at, &key, &ret->items[ret->count].value);)
                ret->items[ret->count++].key = php_key_value(key);
}

static struct php_value write_elements(const struct elements *elements, bool keep_keys)
{
        struct php_value array = php_new_array();
        for (size_t i = 0; i < elements->count; i++) {
                struct php_key key;
                struct php_value value = php_copy(elements->items[i].value);
                if (keep_keys && php_key_of(elements->items[i].key, &key))
                        php_array_set(&array, key, value);
                else
                        php_array_append(&array, value);
        }
        return array;
}

static enum php_flow sort_argument(struct php_run *run, struct php_call *call, struct sorting sorting)
{
        struct php_value array;
        TRY(php_argument_array(run, call, 0, &array));
        _cleanup_php_value_ struct php_value held = php_copy(array);
        _cleanup_(elements_deinit) struct elements elements = {0};
        sorting.run = run;
        read_elements(held, &elements);
        TRY(sort_elements(&sorting, elements.items, elements.count));
        php_put_argument(call, 0, write_elements(&elements, sorting.keep_keys));
        return php_return(call, php_bool(true));
}

static enum php_flow sort_flagged(struct php_run *run, struct php_call *call, struct sorting sorting)
{
        TRY(php_optional_int(run, call, 1, &sorting.flags));
        if (sorting.by_key && sorting.flags == SORT_REGULAR) {
                struct php_value array;
                struct php_key key;
                struct php_key first = {0};
                TRY(php_argument_array(run, call, 0, &array));
                for (size_t at = 0, i = 0; php_array_next(array, &at, &key, NULL); i++) {
                        if (i == 0)
                                first = key;
                        if (key.is_string != first.is_string)
                                return php_differs(run, "sorting numbers and texts by key");
                }
        }
        return sort_argument(run, call, sorting);
}

static enum php_flow sort_called(struct php_run *run, struct php_call *call, struct sorting sorting)
{
        TRY(php_check_callable(run, call, 1));
        sorting.callback = php_argument(call, 1);
        return sort_argument(run, call, sorting);
}

#define SORT(name, how, ...)                                                                                 \
        PHP_FUNCTION(name)                                                                                   \
        {                                                                                                    \
                return how(run, call, (struct sorting){__VA_ARGS__});                                        \
        }

SORT(sort_values, sort_flagged, .flags = SORT_REGULAR)
SORT(sort_values_down, sort_flagged, .descending = true)
SORT(sort_keeping, sort_flagged, .keep_keys = true)
SORT(sort_keeping_down, sort_flagged, .keep_keys = true, .descending = true)
SORT(sort_keys, sort_flagged, .keep_keys = true, .by_key = true)
SORT(sort_keys_down, sort_flagged, .keep_keys = true, .by_key = true, .descending = true)
SORT(sort_by, sort_called, .keep_keys = false)
SORT(sort_keeping_by, sort_called, .keep_keys = true)
SORT(sort_keys_by, sort_called, .keep_keys = true, .by_key = true)
SORT(sort_natural, sort_argument, .keep_keys = true, .flags = SORT_NATURAL)
SORT(sort_natural_folded, sort_argument, .keep_keys = true, .flags = SORT_NATURAL | SORT_FLAG_CASE)

/* array_unique() by strings: the first of each. */
static enum php_flow unique_strings(struct php_run *run, struct php_value array, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value seen = php_new_array();
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(php_stringify(run, value, &text));
                struct php_key name = php_key_bytes(php_string_bytes(text), php_string_size(text));
                if (php_array_get(seen, name))
                        continue;
                php_array_set(&seen, name, php_bool(true));
                php_array_set(ret, key, php_copy(value));
        }
        return PHP_OK;
}

/* By any other comparison: PHP sorts and keeps the first of each row of equals. */
static enum php_flow unique_sorted(const struct sorting *sorting, struct php_value *array)
{
        _cleanup_php_value_ struct php_value held = php_copy(*array);
        _cleanup_(elements_deinit) struct elements elements = {0};
        read_elements(held, &elements);
        _cleanup_free_ struct element *scratch = memory_new_array(elements.count + 1, sizeof(*scratch));
        TRY(merge_sort(sorting, elements.items, elements.count, scratch));
        TRY(check_order(sorting, elements.items, elements.count));
        for (size_t i = 1; i < elements.count; i++) {
                int order;
                struct php_key key;
                TRY(compare_elements(sorting, &elements.items[i - 1], &elements.items[i], &order));
                if (order == 0 && php_key_of(elements.items[i].key, &key))
                        php_array_remove(array, key);
        }
        return PHP_OK;
}

PHP_FUNCTION(array_unique)
{
        struct php_value array;
        struct sorting sorting = {.run = run, .flags = SORT_STRING, .keep_keys = true};
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_optional_int(run, call, 1, &sorting.flags));
        _cleanup_php_value_ struct php_value unique = php_new_array();
        if (sorting.flags == SORT_STRING) {
                TRY(unique_strings(run, array, &unique));
        } else {
                php_clear(&unique);
                unique = php_copy(array);
                TRY(unique_sorted(&sorting, &unique));
        }
        return php_return(call, php_steal(&unique));
}

/* ---- min and max ---- */

static enum php_flow find_extreme(
        struct php_run *run, const struct element *elements, size_t count, int wanted, struct php_value *ret)
{
        struct sorting sorting = {.run = run};
        size_t best = 0;
        bool uniform = true;
        TRY(is_uniform(&sorting, elements, count, &uniform));
        for (size_t i = 1; i < count; i++) {
                int order;
                TRY(compare_elements(&sorting, &elements[i], &elements[best], &order));
                if (order == wanted)
                        best = i;
                else if (order == 0 && !uniform && !php_identical(elements[i].value, elements[best].value))
                        return php_needs_php(run, "the least or greatest of values of different types");
        }
        *ret = php_copy(elements[best].value);
        return PHP_OK;
}

static enum php_flow extreme(struct php_run *run, struct php_call *call, int wanted)
{
        struct php_value array = php_argument(call, 0);
        _cleanup_(elements_deinit) struct elements elements = {0};
        if (call->count == 1) {
                if (array.type != PHP_TYPE_ARRAY || php_array_count(array) == 0)
                        return php_differs(run, "the least or greatest of nothing");
                read_elements(array, &elements);
                return find_extreme(run, elements.items, elements.count, wanted, call->ret);
        }
        elements.items = memory_new_array(call->count, sizeof(*elements.items));
        for (size_t i = 0; i < call->count; i++)
                elements.items[elements.count++] =
                        (struct element){.key = php_int((int64_t)i), .value = php_argument(call, i)};
        return find_extreme(run, elements.items, elements.count, wanted, call->ret);
}

PHP_FUNCTION(least)
{
        return extreme(run, call, -1);
}

PHP_FUNCTION(greatest)
{
        return extreme(run, call, 1);
}

const struct php_host_function php_functions_array_sort[] = {
        {"array_unique", array_unique, 1, 2, 0, "array,flags"},
        {"arsort", sort_keeping_down, 1, 2, 1, "array,flags"},
        {"asort", sort_keeping, 1, 2, 1, "array,flags"},
        {"krsort", sort_keys_down, 1, 2, 1, "array,flags"},
        {"ksort", sort_keys, 1, 2, 1, "array,flags"},
        {"max", greatest, 1, PHP_ANY, 0, NULL},
        {"min", least, 1, PHP_ANY, 0, NULL},
        {"natcasesort", sort_natural_folded, 1, 1, 1, "array"},
        {"natsort", sort_natural, 1, 1, 1, "array"},
        {"rsort", sort_values_down, 1, 2, 1, "array,flags"},
        {"sort", sort_values, 1, 2, 1, "array,flags"},
        {"uasort", sort_keeping_by, 2, 2, 1, "array,callback"},
        {"uksort", sort_keys_by, 2, 2, 1, "array,callback"},
        {"usort", sort_by, 2, 2, 1, "array,callback"},
        {0},
};
