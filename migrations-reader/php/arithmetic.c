/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/operators.h"

#include "migrations-reader/php/operators_private.h"

#include <math.h>
#include <string.h>

static const char *const symbols[] = {
        [PHP_ADD] = "+",
        [PHP_SUBTRACT] = "-",
        [PHP_MULTIPLY] = "*",
        [PHP_DIVIDE] = "/",
        [PHP_MODULO] = "%",
        [PHP_POWER] = "**",
        [PHP_BIT_AND] = "&",
        [PHP_BIT_OR] = "|",
        [PHP_BIT_XOR] = "^",
        [PHP_SHIFT_LEFT] = "<<",
        [PHP_SHIFT_RIGHT] = ">>",
};

/* The answer of an operation with two operands: the worse one of theirs. */
static enum php_answer joined(enum php_answer left, enum php_answer right)
{
        if (left != PHP_DONE && left != PHP_NOTICE)
                return left;
        if (right != PHP_DONE && right != PHP_NOTICE)
                return right;
        return left == PHP_NOTICE || right == PHP_NOTICE ? PHP_NOTICE : PHP_DONE;
}

static enum php_answer unsupported(
        enum php_operator operator, struct php_value left, struct php_value right, struct buffer *message)
{
        buffer_append_format(message, "Unsupported operand types: %s %s %s", php_short_type_name(left),
                symbols[operator], php_short_type_name(right));
        return PHP_TYPE_ERROR;
}

/* ---- + - * / ** ---- */

static enum php_answer to_number(struct php_value value, struct php_value *ret)
{
        switch (value.type) {
        case PHP_TYPE_NULL:
                *ret = php_int(0);
                return PHP_DONE;
        case PHP_TYPE_BOOL:
                *ret = php_int(value.boolean);
                return PHP_DONE;
        case PHP_TYPE_INT:
        case PHP_TYPE_FLOAT:
                *ret = value;
                return PHP_DONE;
        case PHP_TYPE_STRING: {
                struct php_number number = php_read_number(php_string_bytes(value), php_string_size(value));
                if (number.kind == PHP_NUMBER_NONE)
                        return PHP_DISAGREE; /* 7: 0 and a warning; 8: TypeError */
                *ret = number.value;
                return number.kind == PHP_NUMBER_WHOLE ? PHP_DONE : PHP_NOTICE;
        }
        case PHP_TYPE_ARRAY:
                return PHP_TYPE_ERROR;
        case PHP_TYPE_OBJECT: /* 7: 1 and a notice; 8: TypeError */
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_DISAGREE;
}

static double float_of(struct php_value number)
{
        return number.type == PHP_TYPE_FLOAT ? number.number : (double)number.integer;
}

/* base to the power of exponent, which is not negative: by squaring, and on with floats from where an int
 * overflows, so that the float has the same bits as PHP's. */
static struct php_value power_of_ints(int64_t base, int64_t exponent)
{
        if (exponent == 0)
                return php_int(1);
        if (base == 0)
                return php_int(0);
        int64_t result = 1, product;
        while (exponent >= 1) {
                if (exponent % 2) {
                        exponent--;
                        if (__builtin_mul_overflow(result, base, &product))
                                return php_float(
                                        (double)result * (double)base * pow((double)base, (double)exponent));
                        result = product;
                } else {
                        exponent /= 2;
                        if (__builtin_mul_overflow(base, base, &product))
                                return php_float(
                                        (double)result * pow((double)base * (double)base, (double)exponent));
                        base = product;
                }
        }
        return php_int(result);
}

static bool calculate_ints(enum php_operator operator, int64_t left, int64_t right, struct php_value *ret)
{
        int64_t result;
        if (operator== PHP_ADD && !__builtin_add_overflow(left, right, &result))
                *ret = php_int(result);
        else if (operator== PHP_SUBTRACT && !__builtin_sub_overflow(left, right, &result))
                *ret = php_int(result);
        else if (operator== PHP_MULTIPLY && !__builtin_mul_overflow(left, right, &result))
                *ret = php_int(result);
        else if (operator== PHP_DIVIDE && !(left == INT64_MIN && right == -1) && left % right == 0)
                *ret = php_int(left / right);
        else if (operator== PHP_POWER && right >= 0)
                *ret = power_of_ints(left, right);
        else
                return false;
        return true;
}

static double calculate_floats(enum php_operator operator, double left, double right)
{
        if (operator== PHP_ADD)
                return left + right;
        if (operator== PHP_SUBTRACT)
                return left - right;
        if (operator== PHP_MULTIPLY)
                return left * right;
        if (operator== PHP_DIVIDE)
                return left / right;
        return pow(left, right);
}

/* What the right one has and the left one has not, behind the left one. */
static struct php_value array_union(struct php_value left, struct php_value right)
{
        struct php_value result = php_copy(left);
        struct php_key key;
        const struct php_value *element;
        for (size_t at = 0; php_array_next_element(right, &at, &key, &element);)
                if (!php_array_get(result, key))
                        *php_array_slot(&result, key) = php_copy_element(*element);
        return result;
}

static enum php_answer calculate(enum php_operator operator, struct php_value left, struct php_value right,
        struct php_value *ret, struct buffer *message)
{
        if (left.type == PHP_TYPE_ARRAY && right.type == PHP_TYPE_ARRAY && operator== PHP_ADD) {
                *ret = array_union(left, right);
                return PHP_DONE;
        }
        if (left.type == PHP_TYPE_ARRAY || right.type == PHP_TYPE_ARRAY)
                return unsupported(operator, left, right, message);
        struct php_value a = PHP_NULL_VALUE, b = PHP_NULL_VALUE;
        enum php_answer answer = joined(to_number(left, &a), to_number(right, &b));
        if (answer != PHP_DONE && answer != PHP_NOTICE)
                return answer;
        if (operator== PHP_DIVIDE && float_of(b) == 0)
                return PHP_DISAGREE; /* 7: INF, -INF or NAN and a warning; 8: DivisionByZeroError */
        if (a.type != PHP_TYPE_INT || b.type != PHP_TYPE_INT ||
                !calculate_ints(operator, a.integer, b.integer, ret))
                *ret = php_float(calculate_floats(operator, float_of(a), float_of(b)));
        return answer;
}

/* ---- % & | ^ << >> ---- */

static enum php_answer to_whole_number(struct php_value value, int64_t *ret)
{
        if (value.type == PHP_TYPE_ARRAY)
                return PHP_DISAGREE; /* 7: 0 or 1; 8: TypeError */
        struct php_value number = PHP_NULL_VALUE;
        enum php_answer answer = to_number(value, &number);
        if (answer != PHP_DONE && answer != PHP_NOTICE)
                return answer;
        return joined(answer, php_to_int(value, ret));
}

static int64_t shifted_left(int64_t value, int64_t by)
{
        return by >= 64 ? 0 : (int64_t)((uint64_t)value << by);
}

static int64_t shifted_right(int64_t value, int64_t by)
{
        return value >> (by >= 64 ? 63 : by);
}

static enum php_answer calculate_whole(enum php_operator operator, struct php_value left,
        struct php_value right, struct php_value *ret, struct buffer *message)
{
        int64_t a = 0, b = 0;
        enum php_answer answer = joined(to_whole_number(left, &a), to_whole_number(right, &b));
        if (answer != PHP_DONE && answer != PHP_NOTICE)
                return answer;
        if (operator== PHP_MODULO) {
                if (b == 0) {
                        buffer_append_string(message, "Modulo by zero");
                        return PHP_DIVISION_BY_ZERO;
                }
                *ret = php_int(b == -1 ? 0 : a % b);
        } else if (operator== PHP_SHIFT_LEFT || operator== PHP_SHIFT_RIGHT) {
                if (b < 0) {
                        buffer_append_string(message, "Bit shift by negative number");
                        return PHP_ARITHMETIC_ERROR;
                }
                *ret = php_int(operator== PHP_SHIFT_LEFT ? shifted_left(a, b) : shifted_right(a, b));
        } else {
                *ret = php_int(operator== PHP_BIT_AND ? a & b : operator== PHP_BIT_OR ? a | b : a ^ b);
        }
        return answer;
}

/* & and ^ end with the shorter string, | goes on with the rest of the longer one. */
static struct php_value combine_bytes(
        enum php_operator operator, struct php_value left, struct php_value right)
{
        if (php_string_size(left) < php_string_size(right)) {
                struct php_value longer = right;
                right = left;
                left = longer;
        }
        const char *a = php_string_bytes(left), *b = php_string_bytes(right);
        size_t common = php_string_size(right);
        _cleanup_buffer_ struct buffer bytes = {0};
        for (size_t i = 0; i < common; i++) {
                char byte = (char)(operator== PHP_BIT_AND ? a[i] & b[i] :
                                   operator== PHP_BIT_OR  ? a[i] | b[i]
                                                          : a[i] ^ b[i]);
                buffer_append(&bytes, &byte, 1);
        }
        if (operator== PHP_BIT_OR)
                buffer_append(&bytes, a + common, php_string_size(left) - common);
        return php_from_buffer(&bytes);
}

/* ---- . ---- */

static enum php_answer concatenate(struct php_value left, struct php_value right, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value a = PHP_NULL_VALUE, b = PHP_NULL_VALUE;
        enum php_answer answer = php_to_string(left, &a);
        if (answer == PHP_DONE || answer == PHP_NOTICE)
                answer = joined(answer, php_to_string(right, &b));
        if (answer != PHP_DONE && answer != PHP_NOTICE)
                return answer;
        *ret = php_copy(a);
        php_string_append(ret, php_string_bytes(b), php_string_size(b));
        return answer;
}

/* ---- == < <=> … ---- */

static bool holds(enum php_operator operator, int order)
{
        if (operator== PHP_EQUAL)
                return order == 0;
        if (operator== PHP_NOT_EQUAL)
                return order != 0;
        return order == -1 || (order == 0 && (operator== PHP_LESS_EQUAL || operator== PHP_GREATER_EQUAL));
}

/* a > b is b < a in PHP; that matters for arrays with different keys, which are neither. */
static enum php_answer relate(
        enum php_operator operator, struct php_value left, struct php_value right, struct php_value *ret)
{
        bool swap = operator== PHP_GREATER || operator== PHP_GREATER_EQUAL;
        struct php_orders orders;
        enum php_answer answer = php_compare_both(swap ? right : left, swap ? left : right, &orders);
        if (answer != PHP_DONE)
                return answer;
        if (holds(operator, orders.seven) != holds(operator, orders.eight))
                return PHP_DISAGREE;
        *ret = php_bool(holds(operator, orders.eight));
        return PHP_DONE;
}

static enum php_answer spaceship(struct php_value left, struct php_value right, struct php_value *ret)
{
        int order;
        enum php_answer answer = php_compare(left, right, &order);
        if (answer == PHP_DONE)
                *ret = php_int(order == 2 ? 1 : order);
        return answer;
}

static enum php_answer relate_identity(
        enum php_operator operator, struct php_value left, struct php_value right, struct php_value *ret)
{
        bool same;
        enum php_answer answer = php_is_identical(left, right, &same);
        if (answer == PHP_DONE)
                *ret = php_bool(same == (operator== PHP_IDENTICAL));
        return answer;
}

enum php_answer php_operate(enum php_operator operator, struct php_value left, struct php_value right,
        struct php_value *ret, struct buffer *message)
{
        left = php_look(left);
        right = php_look(right);
        switch (operator) {
        case PHP_ADD:
        case PHP_SUBTRACT:
        case PHP_MULTIPLY:
        case PHP_DIVIDE:
        case PHP_POWER:
                return calculate(operator, left, right, ret, message);
        case PHP_BIT_AND:
        case PHP_BIT_OR:
        case PHP_BIT_XOR:
                if (left.type == PHP_TYPE_STRING && right.type == PHP_TYPE_STRING) {
                        *ret = combine_bytes(operator, left, right);
                        return PHP_DONE;
                }
                return calculate_whole(operator, left, right, ret, message);
        case PHP_MODULO:
        case PHP_SHIFT_LEFT:
        case PHP_SHIFT_RIGHT:
                return calculate_whole(operator, left, right, ret, message);
        case PHP_CONCATENATE:
                return concatenate(left, right, ret);
        case PHP_EQUAL:
        case PHP_NOT_EQUAL:
        case PHP_LESS:
        case PHP_LESS_EQUAL:
        case PHP_GREATER:
        case PHP_GREATER_EQUAL:
                return relate(operator, left, right, ret);
        case PHP_IDENTICAL:
        case PHP_NOT_IDENTICAL:
                return relate_identity(operator, left, right, ret);
        case PHP_SPACESHIP:
                return spaceship(left, right, ret);
        case PHP_LOGICAL_XOR:
                *ret = php_bool(php_truth(left) != php_truth(right));
                return PHP_DONE;
        case PHP_LOGICAL_AND:
        case PHP_LOGICAL_OR:
        case PHP_COALESCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

/* ---- one operand ---- */

enum php_answer php_negate(struct php_value value, struct php_value *ret, struct buffer *message)
{
        return php_operate(PHP_MULTIPLY, value, php_int(-1), ret, message);
}

static struct php_value stepped(struct php_value number, int step)
{
        struct php_value result;
        if (number.type == PHP_TYPE_FLOAT)
                return php_float(number.number + step);
        if (!calculate_ints(PHP_ADD, number.integer, step, &result))
                result = php_float((double)number.integer + step);
        return result;
}

/* The next letter or digit; *ret_carry when it began anew. false: it is neither. */
static bool next_letter(char *c, bool *ret_carry)
{
        static const struct {
                char first, last;
        } ranges[] = {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}};
        for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
                if (*c >= ranges[i].first && *c <= ranges[i].last) {
                        *ret_carry = *c == ranges[i].last;
                        *c = *ret_carry ? ranges[i].first : (char)(*c + 1);
                        return true;
                }
        return false;
}

/* "a9" is "b0", "Zz" is "AAa", "a-9" is "a-0". */
static struct php_value next_string(struct php_value string)
{
        size_t size = php_string_size(string);
        _cleanup_free_ char *bytes = memory_copy(php_string_bytes(string), size);
        bool carry = true;
        size_t at = size;
        while (carry && at > 0)
                if (!next_letter(&bytes[--at], &carry))
                        carry = false;
        _cleanup_buffer_ struct buffer result = {0};
        if (carry)
                buffer_append(&result, bytes[0] == '0' ? "1" : bytes, 1);
        buffer_append(&result, bytes, size);
        return php_from_buffer(&result);
}

static enum php_answer step_string(struct php_value string, int step, struct php_value *ret)
{
        if (php_string_size(string) == 0) {
                *ret = step > 0 ? php_text("1") : php_int(-1);
                return PHP_DONE;
        }
        bool numeric = false;
        struct php_value number = PHP_NULL_VALUE;
        enum php_answer answer = php_numeric(string, &numeric, &number);
        if (answer != PHP_DONE)
                return answer;
        if (numeric)
                *ret = stepped(number, step);
        else
                *ret = step > 0 ? next_string(string) : php_copy(string);
        return PHP_DONE;
}

enum php_answer php_increment(struct php_value value, int step, struct php_value *ret)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_NULL:
                *ret = step > 0 ? php_int(1) : PHP_NULL_VALUE;
                return PHP_DONE;
        case PHP_TYPE_BOOL:
                *ret = value;
                return PHP_DONE;
        case PHP_TYPE_INT:
        case PHP_TYPE_FLOAT:
                *ret = stepped(value, step);
                return PHP_DONE;
        case PHP_TYPE_STRING:
                return step_string(value, step, ret);
        case PHP_TYPE_ARRAY: /* 7: stays as it is; 8: TypeError */
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_DISAGREE;
}
