/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Comparison as PHP 8 has it, then, where it met something that PHP 7 sees differently, as PHP 7 has it. */

#include "migrations-reader/php/operators.h"

#include "migrations-reader/php/operators_private.h"

#include <math.h>
#include <string.h>

#define NESTING_LIMIT 1000
#define STEP_LIMIT 20000000

enum order { LESS = -1, EQUAL = 0, GREATER = 1, UNCOMPARABLE = 2 };

struct comparison {
        bool seven; /* else PHP 8 */
        bool varies; /* the other version may answer differently */
        bool undecided; /* NaN */
        bool impossible; /* an object, or too deep */
        unsigned depth;
        unsigned steps;
};

static enum order compare(struct comparison *comparison, struct php_value left, struct php_value right);

static enum order order_of_ints(int64_t left, int64_t right)
{
        return (left > right) - (left < right);
}

static enum order order_of_floats(struct comparison *comparison, double left, double right)
{
        if (isnan(left) || isnan(right))
                comparison->undecided = true;
        return (left > right) - (left < right);
}

static double float_of(struct php_value number)
{
        return number.type == PHP_TYPE_FLOAT ? number.number : (double)number.integer;
}

static enum order order_of_numbers(
        struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (left.type == PHP_TYPE_INT && right.type == PHP_TYPE_INT)
                return order_of_ints(left.integer, right.integer);
        return order_of_floats(comparison, float_of(left), float_of(right));
}

static enum order order_of_bytes(struct php_value left, struct php_value right)
{
        size_t left_size = php_string_size(left), right_size = php_string_size(right);
        size_t common = left_size < right_size ? left_size : right_size;
        int order = memcmp(php_string_bytes(left), php_string_bytes(right), common);
        if (order == 0)
                return (left_size > right_size) - (left_size < right_size);
        return order < 0 ? LESS : GREATER;
}

static struct php_number number_in(struct php_value string)
{
        return php_read_number(php_string_bytes(string), php_string_size(string));
}

static bool is_numeric(struct comparison *comparison, const struct php_number *number)
{
        if (number->kind != PHP_NUMBER_SPACE)
                return number->kind == PHP_NUMBER_WHOLE;
        comparison->varies = true;
        return !comparison->seven;
}

/* Two strings that are numbers: as numbers, unless floats can't tell them apart. */
static enum order order_of_numeric_strings(
        struct comparison *comparison, struct php_value left, struct php_value right)
{
        struct php_number left_number = number_in(left), right_number = number_in(right);
        struct php_value a = left_number.value, b = right_number.value;
        if (a.type == PHP_TYPE_FLOAT && b.type == PHP_TYPE_FLOAT) {
                bool same = a.number == b.number;
                if (same && left_number.overflow && left_number.overflow == right_number.overflow)
                        return order_of_bytes(left, right);
                if (same && isinf(a.number))
                        return order_of_bytes(left, right);
        } else if (right_number.overflow) {
                return right_number.overflow > 0 ? LESS : GREATER;
        } else if (left_number.overflow) {
                return left_number.overflow > 0 ? GREATER : LESS;
        }
        return order_of_numbers(comparison, a, b);
}

static enum order order_of_strings(
        struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (left.string == right.string)
                return EQUAL;
        /* Most strings begin with a letter, and then are no numbers. */
        struct php_number number = number_in(left);
        if (is_numeric(comparison, &number)) {
                number = number_in(right);
                if (is_numeric(comparison, &number))
                        return order_of_numeric_strings(comparison, left, right);
        }
        return order_of_bytes(left, right);
}

static enum order reversed(enum order order)
{
        return order == UNCOMPARABLE ? order : -order;
}

static enum order order_of_number_and_string(
        struct comparison *comparison, struct php_value number, struct php_value string)
{
        struct php_number other = number_in(string);
        bool whole = other.kind == PHP_NUMBER_WHOLE || other.kind == PHP_NUMBER_SPACE;
        if (!whole)
                comparison->varies = true;
        if (whole || comparison->seven)
                return order_of_numbers(comparison, number, other.value);
        if (number.type == PHP_TYPE_FLOAT && isnan(number.number))
                comparison->undecided = true;
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        (void)php_to_string(number, &text);
        return order_of_bytes(text, string);
}

static enum order order_of_arrays(
        struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (left.array == right.array)
                return EQUAL;
        size_t left_count = php_array_count(left), right_count = php_array_count(right);
        if (left_count != right_count)
                return left_count < right_count ? LESS : GREATER;
        if (comparison->depth >= NESTING_LIMIT) {
                comparison->impossible = true;
                return EQUAL;
        }
        comparison->depth++;
        enum order order = EQUAL;
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; order == EQUAL && php_array_next(left, &at, &key, &value);) {
                const struct php_value *other = php_array_get(right, key);
                order = other ? compare(comparison, value, *other) : UNCOMPARABLE;
        }
        comparison->depth--;
        return order;
}

static bool is_null_or_bool(struct php_value value)
{
        return value.type == PHP_TYPE_NULL || value.type == PHP_TYPE_BOOL;
}

static bool is_number(struct php_value value)
{
        return value.type == PHP_TYPE_INT || value.type == PHP_TYPE_FLOAT;
}

static enum order order_of_different(
        struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (left.type == PHP_TYPE_NULL && right.type == PHP_TYPE_STRING)
                return php_string_size(right) > 0 ? LESS : EQUAL;
        if (left.type == PHP_TYPE_STRING && right.type == PHP_TYPE_NULL)
                return php_string_size(left) > 0 ? GREATER : EQUAL;
        if (is_null_or_bool(left) || is_null_or_bool(right))
                return order_of_ints(php_truth(left), php_truth(right));
        if (left.type == PHP_TYPE_OBJECT || right.type == PHP_TYPE_OBJECT) {
                comparison->impossible = true;
                return EQUAL;
        }
        if (left.type == PHP_TYPE_ARRAY)
                return GREATER;
        if (right.type == PHP_TYPE_ARRAY)
                return LESS;
        if (left.type == PHP_TYPE_STRING)
                return reversed(order_of_number_and_string(comparison, right, left));
        return order_of_number_and_string(comparison, left, right);
}

static enum order compare(struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (comparison->steps++ > STEP_LIMIT)
                comparison->impossible = true;
        if (comparison->impossible)
                return UNCOMPARABLE; /* ends the walk */
        if (is_number(left) && is_number(right))
                return order_of_numbers(comparison, left, right);
        if (left.type != right.type)
                return order_of_different(comparison, left, right);
        switch (left.type) {
        case PHP_TYPE_BOOL:
                return order_of_ints(left.boolean, right.boolean);
        case PHP_TYPE_STRING:
                return order_of_strings(comparison, left, right);
        case PHP_TYPE_ARRAY:
                return order_of_arrays(comparison, left, right);
        case PHP_TYPE_OBJECT:
                comparison->impossible = left.object != right.object;
                return EQUAL;
        case PHP_TYPE_NULL:
        case PHP_TYPE_INT:
        case PHP_TYPE_FLOAT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return EQUAL;
}

enum php_answer php_compare_both(struct php_value left, struct php_value right, struct php_orders *ret)
{
        left = php_look(left);
        right = php_look(right);
        struct comparison comparison = {0};
        struct php_orders orders;
        orders.eight = orders.seven = compare(&comparison, left, right);
        if (comparison.varies && !comparison.impossible && !comparison.undecided) {
                comparison = (struct comparison){.seven = true};
                orders.seven = compare(&comparison, left, right);
        }
        if (comparison.impossible)
                return PHP_NO_CONVERSION;
        if (comparison.undecided)
                return PHP_DISAGREE;
        *ret = orders;
        return PHP_DONE;
}

enum php_answer php_compare(struct php_value left, struct php_value right, int *ret)
{
        struct php_orders orders;
        enum php_answer answer = php_compare_both(left, right, &orders);
        if (answer != PHP_DONE)
                return answer;
        if (orders.seven != orders.eight)
                return PHP_DISAGREE;
        *ret = orders.eight;
        return PHP_DONE;
}

enum php_answer php_loose_equal(struct php_value left, struct php_value right, bool *ret)
{
        struct php_orders orders;
        enum php_answer answer = php_compare_both(left, right, &orders);
        if (answer != PHP_DONE)
                return answer;
        if ((orders.seven == EQUAL) != (orders.eight == EQUAL))
                return PHP_DISAGREE;
        *ret = orders.eight == EQUAL;
        return PHP_DONE;
}

/* ---- === ---- */

static bool same_keys(struct php_key left, struct php_key right)
{
        if (left.is_string != right.is_string)
                return false;
        if (!left.is_string)
                return left.integer == right.integer;
        return left.size == right.size && memcmp(left.bytes, right.bytes, left.size) == 0;
}

static bool identical(struct comparison *comparison, struct php_value left, struct php_value right);

static bool identical_arrays(struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (left.array == right.array)
                return true;
        if (php_array_count(left) != php_array_count(right))
                return false;
        if (comparison->depth >= NESTING_LIMIT) {
                comparison->impossible = true;
                return false;
        }
        comparison->depth++;
        bool same = true;
        size_t left_at = 0, right_at = 0;
        struct php_key left_key, right_key;
        struct php_value left_value, right_value;
        while (same && php_array_next(left, &left_at, &left_key, &left_value) &&
                php_array_next(right, &right_at, &right_key, &right_value))
                same = same_keys(left_key, right_key) && identical(comparison, left_value, right_value);
        comparison->depth--;
        return same;
}

static bool identical(struct comparison *comparison, struct php_value left, struct php_value right)
{
        if (comparison->steps++ > STEP_LIMIT)
                comparison->impossible = true;
        if (left.type != right.type || comparison->impossible)
                return false;
        switch (left.type) {
        case PHP_TYPE_BOOL:
                return left.boolean == right.boolean;
        case PHP_TYPE_INT:
                return left.integer == right.integer;
        case PHP_TYPE_FLOAT:
                return left.number == right.number;
        case PHP_TYPE_STRING:
                return order_of_bytes(left, right) == EQUAL;
        case PHP_TYPE_ARRAY:
                return identical_arrays(comparison, left, right);
        case PHP_TYPE_OBJECT:
                return left.object == right.object;
        case PHP_TYPE_NULL:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return true;
}

enum php_answer php_is_identical(struct php_value left, struct php_value right, bool *ret)
{
        struct comparison comparison = {0};
        bool same = identical(&comparison, php_look(left), php_look(right));
        if (comparison.impossible)
                return PHP_NO_CONVERSION;
        *ret = same;
        return PHP_DONE;
}

bool php_identical(struct php_value left, struct php_value right)
{
        bool same = false;
        return php_is_identical(left, right, &same) == PHP_DONE && same;
}
