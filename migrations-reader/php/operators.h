/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Conversions, comparisons and arithmetic of PHP on values without objects' own methods.
 * Sources: PHP manual "Type Juggling", "Comparison operators"; Zend/zend_operators.c of PHP 7.3 and 8.2.
 *
 * PHP 7 and PHP 8 differ in places (0 == "abc", "abc" < 1, arithmetic with "5 apples", …). Nothing here takes
 * a side: where the two disagree the answer is PHP_DISAGREE, and the interpreter stops with needs_php.
 */

#include "migrations-reader/php/value.h"

enum php_answer {
        PHP_DONE,
        PHP_DISAGREE, /* PHP 7 and 8 answer differently; ret untouched */
        PHP_TYPE_ERROR, /* PHP throws TypeError ("Unsupported operand types: array + int"), PHP 8 wording */
        PHP_DIVISION_BY_ZERO, /* DivisionByZeroError */
        PHP_ARITHMETIC_ERROR, /* ArithmeticError ("Bit shift by negative number") */
        PHP_NOTICE, /* done, and PHP would have given a warning or notice (Array to string conversion) */
        PHP_NO_CONVERSION, /* an object that has no such conversion here: needs_php */
};

bool php_truth(struct php_value value); /* (bool); objects are true */
enum php_answer php_to_int(struct php_value value, int64_t *ret); /* (int): "12abc" is 12 */
enum php_answer php_to_float(struct php_value value, double *ret);
/* (string): true "1", false and null "", floats with PHP's default `precision`, 14 digits (0.1 + 0.2 is
 * "0.3", 1e14 "1.0E+14", -0.0 "-0"), arrays "Array" with PHP_NOTICE. Objects: PHP_NO_CONVERSION (the
 * interpreter calls __toString). ret is owned. */
enum php_answer php_to_string(struct php_value value, struct php_value *ret);
void php_append_float(struct buffer *out, double number); /* as (string) does */
/* As var_export, serialize and json_encode do (default `serialize_precision` -1): the fewest digits that read
 * back as the same number, "0.30000000000000004", "1.0E+25". `exponent` is the letter: 'E', in JSON 'e'. That
 * var_export writes "1.0" for "1" is the caller's part. */
void php_append_float_exact(struct buffer *out, double number, char exponent);

/* Of a double: towards zero, modulo 2^64; infinite and NaN are 0. */
int64_t php_float_to_int(double number);

/* A numeric string as is_numeric sees it: *ret becomes an int or float. PHP 8 allows trailing white space,
 * PHP 7 not: PHP_DISAGREE. false in *ret_numeric when not numeric. */
enum php_answer php_numeric(struct php_value string, bool *ret_numeric, struct php_value *ret);

/* ===. Arrays that are nested deeper than 1000 levels: false (php_operate says PHP_NO_CONVERSION). */
bool php_identical(struct php_value left, struct php_value right);
enum php_answer php_loose_equal(struct php_value left, struct php_value right, bool *ret); /* == */
/* <=>: -1, 0 or 1, 2 when they can't be compared (arrays with different keys). */
enum php_answer php_compare(struct php_value left, struct php_value right, int *ret);

enum php_operator {
        PHP_ADD,
        PHP_SUBTRACT,
        PHP_MULTIPLY,
        PHP_DIVIDE,
        PHP_MODULO,
        PHP_POWER,
        PHP_CONCATENATE,
        PHP_BIT_AND,
        PHP_BIT_OR,
        PHP_BIT_XOR,
        PHP_SHIFT_LEFT,
        PHP_SHIFT_RIGHT,
        PHP_EQUAL,
        PHP_NOT_EQUAL,
        PHP_IDENTICAL,
        PHP_NOT_IDENTICAL,
        PHP_LESS,
        PHP_LESS_EQUAL,
        PHP_GREATER,
        PHP_GREATER_EQUAL,
        PHP_SPACESHIP,
        PHP_LOGICAL_XOR,
        /* These three the interpreter answers itself, for they may not look at the right side. */
        PHP_LOGICAL_AND,
        PHP_LOGICAL_OR,
        PHP_COALESCE,
};
/* The value of `left operator right`, owned by the caller. For PHP_TYPE_ERROR, PHP_DIVISION_BY_ZERO and
 * PHP_ARITHMETIC_ERROR the text that PHP 8 gives the exception is appended to `message`. */
enum php_answer php_operate(enum php_operator operator, struct php_value left, struct php_value right,
        struct php_value *ret, struct buffer *message);
enum php_answer php_negate(struct php_value value, struct php_value *ret, struct buffer *message);
enum php_answer php_increment(
        struct php_value value, int step, struct php_value *ret); /* ++ and --; strings too */

const char *php_type_name(struct php_value value); /* as gettype: "integer", "string", "NULL", … */
const char *php_short_type_name(struct php_value value); /* as in TypeErrors: "int", "string", "null", … */
