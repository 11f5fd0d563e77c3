/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <math.h>

#define PI 3.14159265358979323846
#define ROUND_HALF_UP 1
#define FLOAT_DIGITS 15 /* decimal digits that a double holds for sure */

/* An int|float parameter. */
static enum php_flow argument_number(
        struct php_run *run, const struct php_call *call, size_t n, struct php_value *ret)
{
        struct php_value value = php_argument(call, n);
        bool numeric = false;
        if (value.type == PHP_TYPE_INT || value.type == PHP_TYPE_FLOAT) {
                *ret = value;
                return PHP_OK;
        }
        if (value.type == PHP_TYPE_STRING)
                TRY(php_expect(run, php_numeric(value, &numeric, ret), "a number with blanks"));
        if (!numeric)
                return php_differs(run, "a %s where a number is wanted", php_type_name(value));
        return PHP_OK;
}

static double to_double(struct php_value number)
{
        return number.type == PHP_TYPE_INT ? (double)number.integer : number.number;
}

PHP_FUNCTION(absolute)
{
        struct php_value number;
        TRY(argument_number(run, call, 0, &number));
        if (number.type == PHP_TYPE_FLOAT)
                return php_return(call, php_float(fabs(number.number)));
        if (number.integer == INT64_MIN)
                return php_return(call, php_float(-(double)INT64_MIN));
        return php_return(call, php_int(number.integer < 0 ? -number.integer : number.integer));
}

static enum php_flow change_float(struct php_run *run, struct php_call *call, double (*change)(double))
{
        struct php_value number;
        TRY(argument_number(run, call, 0, &number));
        return php_return(call, php_float(change(to_double(number))));
}

PHP_FUNCTION(round_up)
{
        return change_float(run, call, ceil);
}

PHP_FUNCTION(round_down)
{
        return change_float(run, call, floor);
}

PHP_FUNCTION(square_root)
{
        return change_float(run, call, sqrt);
}

/* 10 to a power that may be beyond what is exact. */
static double power_of_ten(int power)
{
        static const double exact[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
                1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
        return power >= 0 && (size_t)power < ARRAY_SIZE(exact) ? exact[power] : pow(10.0, power);
}

static double scaled(double number, int places)
{
        return places >= 0 ? number * power_of_ten(places) : number / power_of_ten(-places);
}

static double half_up(double number)
{
        return number >= 0.0 ? floor(number + 0.5) : ceil(number - 0.5);
}

/* Rounds to the digits that a double holds first, so that 1.005 is the half that it looks like. */
double php_round(double number, int places)
{
        if (!isfinite(number) || number == 0.0)
                return number;
        int held = FLOAT_DIGITS - 1 - (int)floor(log10(fabs(number)));
        double value;
        if (held > places && held - FLOAT_DIGITS < places) {
                int least = -4 * FLOAT_DIGITS;
                int first = held < least ? least : held;
                int rest = places - first < least ? least : places - first;
                value = half_up(scaled(number, first)) / power_of_ten(-rest);
        } else {
                value = scaled(number, places);
                if (fabs(value) >= 1e15)
                        return number;
        }
        value = half_up(value);
        return scaled(value, -places);
}

PHP_FUNCTION(round_number)
{
        struct php_value number;
        int64_t places = 0;
        int64_t mode = ROUND_HALF_UP;
        TRY(argument_number(run, call, 0, &number));
        TRY(php_optional_int(run, call, 1, &places));
        TRY(php_optional_int(run, call, 2, &mode));
        if (mode != ROUND_HALF_UP || places < -22 || places > 22)
                return php_needs_php(run, "round() in this mode or to so many places");
        if (number.type == PHP_TYPE_INT && places >= 0)
                return php_return(call, php_float((double)number.integer));
        return php_return(call, php_float(php_round(to_double(number), (int)places)));
}

PHP_FUNCTION(divide_whole)
{
        int64_t dividend;
        int64_t divisor;
        TRY(php_argument_int(run, call, 0, &dividend));
        TRY(php_argument_int(run, call, 1, &divisor));
        if (divisor == 0)
                return php_throw(run, "DivisionByZeroError", "Division by zero");
        if (divisor == -1 && dividend == INT64_MIN)
                return php_throw(run, "ArithmeticError", "Division of PHP_INT_MIN by -1 is not an integer");
        return php_return(call, php_int(dividend / divisor));
}

PHP_FUNCTION(remainder_of)
{
        double dividend;
        double divisor;
        TRY(php_argument_float(run, call, 0, &dividend));
        TRY(php_argument_float(run, call, 1, &divisor));
        return php_return(call, php_float(fmod(dividend, divisor)));
}

PHP_FUNCTION(power)
{
        struct php_value base;
        struct php_value exponent;
        _cleanup_buffer_ struct buffer message = {0};
        TRY(argument_number(run, call, 0, &base));
        TRY(argument_number(run, call, 1, &exponent));
        return php_expect(run, php_operate(PHP_POWER, base, exponent, call->ret, &message), "a power");
}

PHP_FUNCTION(circle_number)
{
        return php_return(call, php_float(PI));
}

static enum php_flow test_float(struct php_run *run, struct php_call *call, bool (*test)(double))
{
        double number;
        TRY(php_argument_float(run, call, 0, &number));
        return php_return(call, php_bool(test(number)));
}

static bool not_a_number(double number)
{
        return isnan(number);
}

static bool finite_number(double number)
{
        return isfinite(number);
}

static bool infinite_number(double number)
{
        return isinf(number);
}

PHP_FUNCTION(is_nan_number)
{
        return test_float(run, call, not_a_number);
}

PHP_FUNCTION(is_finite_number)
{
        return test_float(run, call, finite_number);
}

PHP_FUNCTION(is_infinite_number)
{
        return test_float(run, call, infinite_number);
}

/* ---- other bases ---- */

static struct php_value digits_of(uint64_t number, unsigned base)
{
        static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        char text[64];
        size_t at = sizeof(text);
        do {
                text[--at] = digits[number % base];
                number /= base;
        } while (number > 0);
        return php_bytes(text + at, sizeof(text) - at);
}

static enum php_flow write_base(struct php_run *run, struct php_call *call, unsigned base)
{
        int64_t number;
        TRY(php_argument_int(run, call, 0, &number));
        return php_return(call, digits_of((uint64_t)number, base));
}

PHP_FUNCTION(to_hexadecimal)
{
        return write_base(run, call, 16);
}

PHP_FUNCTION(to_binary)
{
        return write_base(run, call, 2);
}

PHP_FUNCTION(to_octal)
{
        return write_base(run, call, 8);
}

static int digit_of(char byte)
{
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        char lower = php_lower(byte);
        return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : INT32_MAX;
}

/* Digits that are none in the base, and numbers beyond an int, are left to PHP. */
static enum php_flow parse_base(struct php_run *run, struct php_value text, unsigned base, int64_t *ret)
{
        struct php_span span = php_span_of(text);
        int64_t number = 0;
        if (span.size > 2 && span.bytes[0] == '0' && digit_of(span.bytes[1]) > 9)
                return php_needs_php(run, "a number with a prefix as a text in base %u", base);
        for (size_t i = 0; i < span.size; i++) {
                int digit = digit_of(span.bytes[i]);
                if (digit >= (int)base || __builtin_mul_overflow(number, (int64_t)base, &number) ||
                        __builtin_add_overflow(number, (int64_t)digit, &number))
                        return php_needs_php(run, "a text that is no number in base %u, or too large", base);
        }
        *ret = number;
        return PHP_OK;
}

static enum php_flow read_base(struct php_run *run, struct php_call *call, unsigned base)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t number;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(parse_base(run, text, base, &number));
        return php_return(call, php_int(number));
}

PHP_FUNCTION(from_hexadecimal)
{
        return read_base(run, call, 16);
}

PHP_FUNCTION(from_binary)
{
        return read_base(run, call, 2);
}

PHP_FUNCTION(from_octal)
{
        return read_base(run, call, 8);
}

PHP_FUNCTION(convert_base)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t from;
        int64_t to;
        int64_t number;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_argument_int(run, call, 1, &from));
        TRY(php_argument_int(run, call, 2, &to));
        if (from < 2 || from > 36 || to < 2 || to > 36)
                return php_differs(run, "base_convert() with an invalid base");
        TRY(parse_base(run, text, (unsigned)from, &number));
        return php_return(call, digits_of((uint64_t)number, (unsigned)to));
}

const struct php_host_function php_functions_math[] = {
        {"abs", absolute, 1, 1, 0, "num"},
        {"base_convert", convert_base, 3, 3, 0, "num,from_base,to_base"},
        {"bindec", from_binary, 1, 1, 0, "binary_string"},
        {"ceil", round_up, 1, 1, 0, "num"},
        {"decbin", to_binary, 1, 1, 0, "num"},
        {"dechex", to_hexadecimal, 1, 1, 0, "num"},
        {"decoct", to_octal, 1, 1, 0, "num"},
        {"floor", round_down, 1, 1, 0, "num"},
        {"fmod", remainder_of, 2, 2, 0, "num1,num2"},
        {"hexdec", from_hexadecimal, 1, 1, 0, "hex_string"},
        {"intdiv", divide_whole, 2, 2, 0, "num1,num2"},
        {"is_finite", is_finite_number, 1, 1, 0, "num"},
        {"is_infinite", is_infinite_number, 1, 1, 0, "num"},
        {"is_nan", is_nan_number, 1, 1, 0, "num"},
        {"octdec", from_octal, 1, 1, 0, "octal_string"},
        {"pi", circle_number, 0, 0, 0, NULL},
        {"pow", power, 2, 2, 0, "num,exponent"},
        {"round", round_number, 1, 3, 0, "num,precision,mode"},
        {"sqrt", square_root, 1, 1, 0, "num"},
        {0},
};
