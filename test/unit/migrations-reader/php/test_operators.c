/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected answers are those of PHP 8.2; where the manual's migration guides say that PHP 7.3 has another
 * one, PHP_DISAGREE is expected. Values are written as PHP serializes them. */

#include "migrations-reader/php/operators.h"

#include "migrations-reader/php/serialize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static int nothing_is_alive(void **state)
{
        return php_memory_used() == 0 ? 0 : -1;
}

static struct php_value value_of(const char *serialized)
{
        struct php_value value = PHP_NULL_VALUE;
        size_t offset;
        assert_int_equal(php_unserialize(serialized, strlen(serialized), NULL, &value, &offset), PHP_DONE);
        return value;
}

static void assert_value(struct php_value value, const char *serialized)
{
        _cleanup_buffer_ struct buffer text = {0};
        assert_int_equal(php_serialize(value, NULL, &text), PHP_DONE);
        assert_string_equal(text.data, serialized);
}

static void assert_answer(enum php_answer answer, enum php_answer expected, struct php_value value,
        const char *expected_value, const struct buffer *message)
{
        assert_int_equal(answer, expected);
        if (answer == PHP_DONE || answer == PHP_NOTICE)
                assert_value(value, expected_value);
        else
                assert_string_equal(message->data ? message->data : "", expected_value);
}

static void test_operate(void **state)
{
        static const struct {
                enum php_operator operator;
                const char *left, *right;
                enum php_answer answer;
                const char *expected; /* the value, or the exception's text */
        } cases[] = {
                {PHP_ADD, "i:1;", "i:2;", PHP_DONE, "i:3;"},
                {PHP_ADD, "i:9223372036854775807;", "i:1;", PHP_DONE, "d:9.223372036854776E+18;"},
                {PHP_ADD, "i:-9223372036854775808;", "i:-1;", PHP_DONE, "d:-9.223372036854776E+18;"},
                {PHP_ADD, "i:1;", "d:0.5;", PHP_DONE, "d:1.5;"},
                {PHP_ADD, "s:1:\"1\";", "s:1:\"2\";", PHP_DONE, "i:3;"},
                {PHP_ADD, "s:3:\"1.5\";", "i:1;", PHP_DONE, "d:2.5;"},
                {PHP_ADD, "s:3:\"1e3\";", "i:1;", PHP_DONE, "d:1001;"},
                {PHP_ADD, "s:2:\" 5\";", "i:1;", PHP_DONE, "i:6;"},
                {PHP_ADD, "s:2:\"5 \";", "i:1;", PHP_NOTICE, "i:6;"}, /* a notice in PHP 7 */
                {PHP_ADD, "s:8:\"5 apples\";", "i:1;", PHP_NOTICE, "i:6;"},
                {PHP_ADD, "s:3:\"abc\";", "i:1;", PHP_DISAGREE, ""},
                {PHP_ADD, "s:0:\"\";", "i:1;", PHP_DISAGREE, ""},
                {PHP_ADD, "N;", "b:1;", PHP_DONE, "i:1;"},
                {PHP_ADD, "a:2:{i:0;i:1;i:1;i:2;}", "a:3:{i:0;i:5;i:1;i:6;i:2;i:7;}", PHP_DONE,
                        "a:3:{i:0;i:1;i:1;i:2;i:2;i:7;}"},
                {PHP_ADD, "a:1:{s:1:\"a\";i:1;}", "a:2:{s:1:\"a\";i:2;s:1:\"b\";i:3;}", PHP_DONE,
                        "a:2:{s:1:\"a\";i:1;s:1:\"b\";i:3;}"},
                {PHP_ADD, "a:1:{i:0;i:1;}", "i:1;", PHP_TYPE_ERROR, "Unsupported operand types: array + int"},
                {PHP_ADD, "N;", "a:0:{}", PHP_TYPE_ERROR, "Unsupported operand types: null + array"},
                {PHP_ADD, "s:19:\"9223372036854775807\";", "i:1;", PHP_DONE, "d:9.223372036854776E+18;"},
                {PHP_ADD, "s:19:\"9223372036854775808\";", "i:0;", PHP_DONE, "d:9.223372036854776E+18;"},
                {PHP_ADD, "s:2:\".5\";", "i:0;", PHP_DONE, "d:0.5;"},
                {PHP_ADD, "s:4:\"0x1A\";", "i:1;", PHP_NOTICE, "i:1;"},
                {PHP_SUBTRACT, "i:-9223372036854775808;", "i:1;", PHP_DONE, "d:-9.223372036854776E+18;"},
                {PHP_SUBTRACT, "s:1:\"7\";", "s:1:\"9\";", PHP_DONE, "i:-2;"},
                {PHP_SUBTRACT, "a:0:{}", "i:1;", PHP_TYPE_ERROR, "Unsupported operand types: array - int"},
                {PHP_MULTIPLY, "i:9223372036854775807;", "i:2;", PHP_DONE, "d:1.8446744073709552E+19;"},
                {PHP_MULTIPLY, "i:-3;", "s:1:\"4\";", PHP_DONE, "i:-12;"},
                {PHP_MULTIPLY, "d:0.1;", "i:3;", PHP_DONE, "d:0.30000000000000004;"},
                {PHP_DIVIDE, "i:6;", "i:3;", PHP_DONE, "i:2;"},
                {PHP_DIVIDE, "i:7;", "i:2;", PHP_DONE, "d:3.5;"},
                {PHP_DIVIDE, "i:-9223372036854775808;", "i:-1;", PHP_DONE, "d:9.223372036854776E+18;"},
                {PHP_DIVIDE, "i:1;", "i:0;", PHP_DISAGREE, ""},
                {PHP_DIVIDE, "s:1:\"1\";", "s:3:\"0.0\";", PHP_DISAGREE, ""},
                {PHP_DIVIDE, "i:1;", "i:3;", PHP_DONE, "d:0.3333333333333333;"},
                {PHP_MODULO, "i:7;", "i:3;", PHP_DONE, "i:1;"},
                {PHP_MODULO, "i:-7;", "i:3;", PHP_DONE, "i:-1;"},
                {PHP_MODULO, "i:7;", "i:-3;", PHP_DONE, "i:1;"},
                {PHP_MODULO, "i:-9223372036854775808;", "i:-1;", PHP_DONE, "i:0;"},
                {PHP_MODULO, "d:5.9;", "i:2;", PHP_DONE, "i:1;"},
                {PHP_MODULO, "i:1;", "i:0;", PHP_DIVISION_BY_ZERO, "Modulo by zero"},
                {PHP_MODULO, "s:1:\"8\";", "s:1:\"3\";", PHP_DONE, "i:2;"},
                {PHP_MODULO, "a:0:{}", "i:2;", PHP_DISAGREE, ""},
                {PHP_MODULO, "d:1.0E+20;", "i:7;", PHP_DONE, "i:6;"},
                {PHP_POWER, "i:2;", "i:10;", PHP_DONE, "i:1024;"},
                {PHP_POWER, "i:2;", "i:63;", PHP_DONE, "d:9.223372036854776E+18;"},
                {PHP_POWER, "i:2;", "i:-1;", PHP_DONE, "d:0.5;"},
                {PHP_POWER, "i:7;", "i:30;", PHP_DONE, "d:2.2539340290692256E+25;"},
                {PHP_POWER, "i:-3;", "i:41;", PHP_DONE, "d:-3.647299637717079E+19;"},
                {PHP_POWER, "i:0;", "i:0;", PHP_DONE, "i:1;"},
                {PHP_POWER, "s:1:\"2\";", "d:0.5;", PHP_DONE, "d:1.4142135623730951;"},
                {PHP_POWER, "i:64;", "i:63;", PHP_DONE, "d:6.156563468186638E+113;"},
                {PHP_CONCATENATE, "i:1;", "i:2;", PHP_DONE, "s:2:\"12\";"},
                {PHP_CONCATENATE, "d:1;", "s:1:\"x\";", PHP_DONE, "s:2:\"1x\";"},
                {PHP_CONCATENATE, "N;", "b:1;", PHP_DONE, "s:1:\"1\";"},
                {PHP_CONCATENATE, "a:0:{}", "s:1:\"x\";", PHP_NOTICE, "s:6:\"Arrayx\";"},
                {PHP_CONCATENATE, "b:0;", "d:-0;", PHP_DONE, "s:2:\"-0\";"},
                {PHP_CONCATENATE, "d:0.30000000000000004;", "s:0:\"\";", PHP_DONE, "s:3:\"0.3\";"},
                {PHP_CONCATENATE, "d:100000000000000;", "s:0:\"\";", PHP_DONE, "s:7:\"1.0E+14\";"},
                {PHP_CONCATENATE, "d:1.0E+25;", "s:0:\"\";", PHP_DONE, "s:7:\"1.0E+25\";"},
                {PHP_CONCATENATE, "d:INF;", "s:0:\"\";", PHP_DONE, "s:3:\"INF\";"},
                {PHP_CONCATENATE, "d:-1.5E-7;", "s:0:\"\";", PHP_DONE, "s:7:\"-1.5E-7\";"},
                {PHP_CONCATENATE, "d:123456789012345.67;", "s:0:\"\";", PHP_DONE,
                        "s:19:\"1.2345678901235E+14\";"},
                {PHP_BIT_AND, "i:12;", "i:10;", PHP_DONE, "i:8;"},
                {PHP_BIT_AND, "s:2:\"12\";", "s:1:\"6\";", PHP_DONE, "s:1:\"0\";"},
                {PHP_BIT_OR, "s:1:\"a\";", "s:2:\"BC\";", PHP_DONE, "s:2:\"cC\";"},
                {PHP_BIT_XOR, "s:3:\"abc\";", "s:3:\"   \";", PHP_DONE, "s:3:\"ABC\";"},
                {PHP_BIT_XOR, "i:5;", "s:1:\"3\";", PHP_DONE, "i:6;"},
                {PHP_BIT_OR, "d:1;", "i:2;", PHP_DONE, "i:3;"},
                {PHP_BIT_AND, "a:0:{}", "i:1;", PHP_DISAGREE, ""},
                {PHP_BIT_OR, "s:3:\"abc\";", "i:1;", PHP_DISAGREE, ""},
                {PHP_SHIFT_LEFT, "i:1;", "i:63;", PHP_DONE, "i:-9223372036854775808;"},
                {PHP_SHIFT_LEFT, "i:1;", "i:64;", PHP_DONE, "i:0;"},
                {PHP_SHIFT_LEFT, "i:1;", "i:-1;", PHP_ARITHMETIC_ERROR, "Bit shift by negative number"},
                {PHP_SHIFT_RIGHT, "i:-8;", "i:1;", PHP_DONE, "i:-4;"},
                {PHP_SHIFT_RIGHT, "i:-1;", "i:100;", PHP_DONE, "i:-1;"},
                {PHP_SHIFT_RIGHT, "s:2:\"16\";", "i:2;", PHP_DONE, "i:4;"},
                {PHP_EQUAL, "i:0;", "s:3:\"abc\";", PHP_DISAGREE, ""},
                {PHP_EQUAL, "i:0;", "s:0:\"\";", PHP_DISAGREE, ""},
                {PHP_EQUAL, "N;", "s:0:\"\";", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "N;", "s:1:\"a\";", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "N;", "b:0;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "N;", "i:0;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "s:3:\"abc\";", "s:3:\"ABC\";", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "s:1:\"1\";", "s:2:\"01\";", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "s:2:\"10\";", "s:3:\"1e1\";", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "i:100;", "s:3:\"1e2\";", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "s:2:\"1 \";", "s:1:\"1\";", PHP_DISAGREE, ""},
                {PHP_EQUAL, "s:2:\" 1\";", "s:1:\"1\";", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "i:1;", "s:2:\"1 \";", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "i:1;", "s:2:\"1x\";", PHP_DISAGREE, ""},
                {PHP_EQUAL, "i:5;", "s:2:\"6x\";", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "s:3:\"abc\";", "b:1;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "s:1:\"0\";", "b:0;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "s:3:\"0.0\";", "b:0;", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "s:0:\"\";", "s:1:\"0\";", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "a:0:{}", "b:0;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "a:1:{i:0;i:0;}", "b:1;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "a:2:{i:0;i:1;i:1;i:2;}", "a:2:{i:1;i:2;i:0;i:1;}", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "a:1:{s:1:\"a\";i:1;}", "a:1:{s:1:\"a\";s:1:\"1\";}", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "a:1:{s:1:\"a\";i:0;}", "a:1:{s:1:\"a\";s:1:\"x\";}", PHP_DISAGREE, ""},
                {PHP_EQUAL, "a:1:{i:0;i:1;}", "i:1;", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "s:6:\"1e1000\";", "s:6:\"1e1001\";", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "s:19:\"9223372036854775807\";", "s:19:\"9223372036854775808\";", PHP_DONE,
                        "b:0;"},
                {PHP_EQUAL, "s:19:\"9223372036854775808\";", "s:19:\"9223372036854775809\";", PHP_DONE,
                        "b:0;"},
                {PHP_EQUAL, "d:0.30000000000000004;", "d:0.3;", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "i:1;", "d:1;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "i:9223372036854775807;", "d:9.223372036854776E+18;", PHP_DONE, "b:1;"},
                {PHP_EQUAL, "s:4:\"null\";", "N;", PHP_DONE, "b:0;"},
                {PHP_EQUAL, "b:1;", "s:5:\"false\";", PHP_DONE, "b:1;"},
                {PHP_NOT_EQUAL, "i:1;", "s:1:\"2\";", PHP_DONE, "b:1;"},
                {PHP_NOT_EQUAL, "s:1:\"a\";", "i:0;", PHP_DISAGREE, ""},
                {PHP_IDENTICAL, "i:1;", "d:1;", PHP_DONE, "b:0;"},
                {PHP_IDENTICAL, "s:1:\"1\";", "s:1:\"1\";", PHP_DONE, "b:1;"},
                {PHP_IDENTICAL, "a:2:{i:0;i:1;s:1:\"a\";i:2;}", "a:2:{i:0;i:1;s:1:\"a\";i:2;}", PHP_DONE,
                        "b:1;"},
                {PHP_IDENTICAL, "a:2:{s:1:\"a\";i:1;s:1:\"b\";i:2;}", "a:2:{s:1:\"b\";i:2;s:1:\"a\";i:1;}",
                        PHP_DONE, "b:0;"},
                {PHP_IDENTICAL, "d:0;", "d:-0;", PHP_DONE, "b:1;"},
                {PHP_IDENTICAL, "N;", "b:0;", PHP_DONE, "b:0;"},
                {PHP_NOT_IDENTICAL, "s:1:\"a\";", "s:1:\"b\";", PHP_DONE, "b:1;"},
                {PHP_IDENTICAL, "a:1:{i:0;s:1:\"1\";}", "a:1:{i:0;i:1;}", PHP_DONE, "b:0;"},
                {PHP_LESS, "i:1;", "i:2;", PHP_DONE, "b:1;"},
                {PHP_LESS, "s:3:\"abc\";", "s:3:\"abd\";", PHP_DONE, "b:1;"},
                {PHP_LESS, "s:2:\"10\";", "s:1:\"9\";", PHP_DONE, "b:0;"},
                {PHP_LESS, "s:2:\"10\";", "s:2:\"9a\";", PHP_DONE, "b:1;"},
                {PHP_LESS, "s:3:\"abc\";", "i:1;", PHP_DISAGREE, ""},
                {PHP_LESS, "i:1;", "s:3:\"abc\";", PHP_DISAGREE, ""},
                {PHP_LESS, "N;", "s:1:\"a\";", PHP_DONE, "b:1;"},
                {PHP_LESS, "N;", "i:-1;", PHP_DONE, "b:1;"},
                {PHP_LESS, "a:2:{i:0;i:1;i:1;i:2;}", "a:2:{i:0;i:1;i:1;i:3;}", PHP_DONE, "b:1;"},
                {PHP_LESS, "a:1:{i:0;i:2;}", "a:2:{i:0;i:1;i:1;i:1;}", PHP_DONE, "b:1;"},
                {PHP_LESS, "a:1:{s:1:\"a\";i:1;}", "a:1:{s:1:\"b\";i:1;}", PHP_DONE, "b:0;"},
                {PHP_GREATER, "a:1:{s:1:\"a\";i:1;}", "a:1:{s:1:\"b\";i:1;}", PHP_DONE, "b:0;"},
                {PHP_LESS_EQUAL, "a:1:{s:1:\"a\";i:1;}", "a:1:{s:1:\"b\";i:1;}", PHP_DONE, "b:0;"},
                {PHP_LESS, "i:5;", "a:0:{}", PHP_DONE, "b:1;"},
                {PHP_GREATER, "s:1:\"z\";", "a:0:{}", PHP_DONE, "b:0;"},
                {PHP_GREATER_EQUAL, "i:2;", "s:1:\"2\";", PHP_DONE, "b:1;"},
                {PHP_LESS_EQUAL, "s:1:\"a\";", "s:1:\"b\";", PHP_DONE, "b:1;"},
                {PHP_GREATER, "d:INF;", "i:9223372036854775807;", PHP_DONE, "b:1;"},
                {PHP_LESS, "d:-INF;", "s:6:\"-1e999\";", PHP_DONE, "b:0;"},
                {PHP_LESS_EQUAL, "i:1;", "s:2:\"1x\";", PHP_DONE, "b:1;"},
                {PHP_SPACESHIP, "i:1;", "i:2;", PHP_DONE, "i:-1;"},
                {PHP_SPACESHIP, "s:1:\"b\";", "s:1:\"a\";", PHP_DONE, "i:1;"},
                {PHP_SPACESHIP, "a:1:{i:0;i:1;}", "a:1:{i:0;i:1;}", PHP_DONE, "i:0;"},
                {PHP_SPACESHIP, "a:1:{s:1:\"a\";i:1;}", "a:1:{s:1:\"b\";i:1;}", PHP_DONE, "i:1;"},
                {PHP_SPACESHIP, "d:2.5;", "i:2;", PHP_DONE, "i:1;"},
                {PHP_SPACESHIP, "b:1;", "b:0;", PHP_DONE, "i:1;"},
                {PHP_SPACESHIP, "s:2:\"10\";", "i:9;", PHP_DONE, "i:1;"},
                {PHP_SPACESHIP, "s:3:\"abc\";", "i:5;", PHP_DISAGREE, ""},
                {PHP_SPACESHIP, "N;", "N;", PHP_DONE, "i:0;"},
                {PHP_LOGICAL_XOR, "i:1;", "i:0;", PHP_DONE, "b:1;"},
                {PHP_LOGICAL_XOR, "s:1:\"0\";", "s:0:\"\";", PHP_DONE, "b:0;"},
                {PHP_LOGICAL_XOR, "a:0:{}", "a:1:{i:0;i:0;}", PHP_DONE, "b:1;"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s %d %s\n", cases[i].left, cases[i].operator, cases[i].right);
                _cleanup_php_value_ struct php_value left = value_of(cases[i].left);
                _cleanup_php_value_ struct php_value right = value_of(cases[i].right);
                _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
                _cleanup_buffer_ struct buffer message = {0};
                enum php_answer answer = php_operate(cases[i].operator, left, right, &result, &message);
                assert_answer(answer, cases[i].answer, result, cases[i].expected, &message);
                assert_value(left, cases[i].left);
                assert_value(right, cases[i].right);
        }
}

static void test_interpreters_own_operators(void **state)
{
        static const enum php_operator operators[] = {PHP_LOGICAL_AND, PHP_LOGICAL_OR, PHP_COALESCE};
        for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
                struct php_value result = php_int(7);
                _cleanup_buffer_ struct buffer message = {0};
                assert_int_equal(php_operate(operators[i], php_int(1), php_int(1), &result, &message),
                        PHP_NO_CONVERSION);
                assert_int_equal(result.integer, 7);
        }
}

static void test_negate_and_bit_not(void **state)
{
        _cleanup_buffer_ struct buffer message = {0};
        struct php_value result;
        assert_int_equal(php_negate(php_int(INT64_MIN), &result, &message), PHP_DONE);
        assert_value(result, "d:9.223372036854776E+18;");
        _cleanup_php_value_ struct php_value zero = php_text("-0");
        assert_int_equal(php_negate(zero, &result, &message), PHP_DONE);
        assert_value(result, "i:0;");
        assert_int_equal(php_negate(php_float(0), &result, &message), PHP_DONE);
        assert_value(result, "d:-0;");
}

static void test_increment(void **state)
{
        static const struct {
                const char *value;
                int step;
                enum php_answer answer;
                const char *expected;
        } cases[] = {
                {"N;", 1, PHP_DONE, "i:1;"},
                {"N;", -1, PHP_DONE, "N;"},
                {"b:1;", 1, PHP_DONE, "b:1;"},
                {"i:5;", 1, PHP_DONE, "i:6;"},
                {"i:9223372036854775807;", 1, PHP_DONE, "d:9.223372036854776E+18;"},
                {"i:-9223372036854775808;", -1, PHP_DONE, "d:-9.223372036854776E+18;"},
                {"d:1.5;", 1, PHP_DONE, "d:2.5;"},
                {"s:0:\"\";", 1, PHP_DONE, "s:1:\"1\";"},
                {"s:0:\"\";", -1, PHP_DONE, "i:-1;"},
                {"s:1:\"5\";", 1, PHP_DONE, "i:6;"},
                {"s:3:\"5.5\";", -1, PHP_DONE, "d:4.5;"},
                {"s:3:\"1e2\";", 1, PHP_DONE, "d:101;"},
                {"s:1:\"a\";", 1, PHP_DONE, "s:1:\"b\";"},
                {"s:1:\"z\";", 1, PHP_DONE, "s:2:\"aa\";"},
                {"s:2:\"Az\";", 1, PHP_DONE, "s:2:\"Ba\";"},
                {"s:2:\"Zz\";", 1, PHP_DONE, "s:3:\"AAa\";"},
                {"s:3:\"zz9\";", 1, PHP_DONE, "s:4:\"aaa0\";"},
                {"s:3:\"a-9\";", 1, PHP_DONE, "s:3:\"a-0\";"},
                {"s:2:\"9z\";", 1, PHP_DONE, "s:3:\"10a\";"},
                {"s:1:\"-\";", 1, PHP_DONE, "s:1:\"-\";"},
                {"s:3:\"\303\244z\";", 1, PHP_DONE, "s:3:\"\303\244a\";"},
                {"s:3:\"abc\";", -1, PHP_DONE, "s:3:\"abc\";"},
                {"s:2:\" 5\";", 1, PHP_DONE, "i:6;"},
                {"s:2:\"5 \";", 1, PHP_DISAGREE, ""},
                {"a:0:{}", 1, PHP_DISAGREE, ""},
                {"s:19:\"9223372036854775807\";", 1, PHP_DONE, "d:9.223372036854776E+18;"},
                {"s:2:\"00\";", 1, PHP_DONE, "i:1;"},
                {"s:8:\"5 apples\";", 1, PHP_DONE, "s:8:\"5 applet\";"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s %+d\n", cases[i].value, cases[i].step);
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value);
                _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
                const struct buffer no_message = {0};
                enum php_answer answer = php_increment(value, cases[i].step, &result);
                assert_answer(answer, cases[i].answer, result, cases[i].expected, &no_message);
        }
}

static void test_conversions(void **state)
{
        static const struct {
                const char *value;
                bool truth;
                int64_t integer;
                const char *number; /* as a float */
                const char *text;
        } cases[] = {
                {"N;", false, INT64_C(0), "d:0;", ""},
                {"b:1;", true, INT64_C(1), "d:1;", "1"},
                {"b:0;", false, INT64_C(0), "d:0;", ""},
                {"i:0;", false, INT64_C(0), "d:0;", "0"},
                {"i:-5;", true, INT64_C(-5), "d:-5;", "-5"},
                {"i:-9223372036854775808;", true, INT64_MIN, "d:-9.223372036854776E+18;",
                        "-9223372036854775808"},
                {"d:0;", false, INT64_C(0), "d:0;", "0"},
                {"d:-0;", false, INT64_C(0), "d:-0;", "-0"},
                {"d:0.1;", true, INT64_C(0), "d:0.1;", "0.1"},
                {"d:1.9;", true, INT64_C(1), "d:1.9;", "1.9"},
                {"d:-1.9;", true, INT64_C(-1), "d:-1.9;", "-1.9"},
                {"d:1.0E+19;", true, -INT64_C(8446744073709551616), "d:1.0E+19;", "1.0E+19"},
                {"d:-1.0E+30;", true, INT64_C(-5076964154930102272), "d:-1.0E+30;", "-1.0E+30"},
                {"d:1000000000000000;", true, INT64_C(1000000000000000), "d:1000000000000000;", "1.0E+15"},
                {"d:1.2345678901234568E+17;", true, INT64_C(123456789012345680), "d:1.2345678901234568E+17;",
                        "1.2345678901235E+17"},
                {"d:1.5E-10;", true, INT64_C(0), "d:1.5E-10;", "1.5E-10"},
                {"d:INF;", true, INT64_C(0), "d:INF;", "INF"},
                {"d:-INF;", true, INT64_C(0), "d:-INF;", "-INF"},
                {"d:NAN;", true, INT64_C(0), "d:NAN;", "NAN"},
                {"s:0:\"\";", false, INT64_C(0), "d:0;", ""},
                {"s:1:\"0\";", false, INT64_C(0), "d:0;", "0"},
                {"s:2:\"00\";", true, INT64_C(0), "d:0;", "00"},
                {"s:3:\"0.0\";", true, INT64_C(0), "d:0;", "0.0"},
                {"s:6:\" 12abc\";", true, INT64_C(12), "d:12;", " 12abc"},
                {"s:5:\"12abc\";", true, INT64_C(12), "d:12;", "12abc"},
                {"s:3:\"1e3\";", true, INT64_C(1000), "d:1000;", "1e3"},
                {"s:4:\"1e30\";", true, INT64_C(9223372036854775807), "d:1.0E+30;", "1e30"},
                {"s:5:\"-1e30\";", true, INT64_MIN, "d:-1.0E+30;", "-1e30"},
                {"s:19:\"9223372036854775808\";", true, INT64_C(9223372036854775807),
                        "d:9.223372036854776E+18;", "9223372036854775808"},
                {"s:20:\"-9223372036854775809\";", true, INT64_MIN, "d:-9.223372036854776E+18;",
                        "-9223372036854775809"},
                {"s:3:\"abc\";", true, INT64_C(0), "d:0;", "abc"},
                {"s:2:\".5\";", true, INT64_C(0), "d:0.5;", ".5"},
                {"s:6:\"-.5e1x\";", true, INT64_C(-5), "d:-5;", "-.5e1x"},
                {"s:2:\"-0\";", true, INT64_C(0), "d:-0;", "-0"},
                {"s:4:\"0x1A\";", true, INT64_C(0), "d:0;", "0x1A"},
                {"s:2:\"\0127\";", true, INT64_C(7), "d:7;", "\0127"},
                {"s:2:\"+5\";", true, INT64_C(5), "d:5;", "+5"},
                {"a:0:{}", false, INT64_C(0), "d:0;", "Array"},
                {"a:1:{i:0;i:0;}", true, INT64_C(1), "d:1;", "Array"},
                {"s:22:\"1.7976931348623157e308\";", true, INT64_C(9223372036854775807),
                        "d:1.7976931348623157E+308;", "1.7976931348623157e308"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s\n", cases[i].value);
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value);
                assert_int_equal(php_truth(value), cases[i].truth);
                int64_t integer;
                assert_int_equal(php_to_int(value, &integer), PHP_DONE);
                assert_true(integer == cases[i].integer);
                double number;
                assert_int_equal(php_to_float(value, &number), PHP_DONE);
                if (!isnan(number))
                        assert_value(php_float(number), cases[i].number);
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                enum php_answer answer = php_to_string(value, &text);
                assert_int_equal(answer, value.type == PHP_TYPE_ARRAY ? PHP_NOTICE : PHP_DONE);
                assert_true(php_string_is(text, cases[i].text));
        }
        _cleanup_php_value_ struct php_value infinite = php_text("1e400");
        int64_t untouched = 7;
        assert_int_equal(php_to_int(infinite, &untouched), PHP_DISAGREE);
        assert_int_equal(untouched, 7);
}

static void test_numeric(void **state)
{
        static const struct {
                const char *text;
                enum php_answer answer;
                const char *expected; /* NULL: not numeric */
        } cases[] = {
                {"1", PHP_DONE, "i:1;"},
                {"-1", PHP_DONE, "i:-1;"},
                {"+1", PHP_DONE, "i:1;"},
                {" 1", PHP_DONE, "i:1;"},
                {"1.", PHP_DONE, "d:1;"},
                {".5", PHP_DONE, "d:0.5;"},
                {".", PHP_DONE, NULL},
                {"", PHP_DONE, NULL},
                {"abc", PHP_DONE, NULL},
                {"1e5", PHP_DONE, "d:100000;"},
                {"1e", PHP_DONE, NULL},
                {"1e+", PHP_DONE, NULL},
                {"1E-5", PHP_DONE, "d:1.0E-5;"},
                {"0x1A", PHP_DONE, NULL},
                {"1_0", PHP_DONE, NULL},
                {"\331\241", PHP_DONE, NULL},
                {"- 1", PHP_DONE, NULL},
                {"--1", PHP_DONE, NULL},
                {"00012", PHP_DONE, "i:12;"},
                {"1.5.5", PHP_DONE, NULL},
                {"1e5e5", PHP_DONE, NULL},
                {"INF", PHP_DONE, NULL},
                {"NAN", PHP_DONE, NULL},
                {"\011\012\015\013\014 1", PHP_DONE, "i:1;"},
                {"9223372036854775807", PHP_DONE, "i:9223372036854775807;"},
                {"9223372036854775808", PHP_DONE, "d:9.223372036854776E+18;"},
                {"-9223372036854775808", PHP_DONE, "i:-9223372036854775808;"},
                {"-9223372036854775809", PHP_DONE, "d:-9.223372036854776E+18;"},
                {"00000000000000000000001", PHP_DONE, "i:1;"},
                {"1e400", PHP_DONE, "d:INF;"},
                {"1 ", PHP_DISAGREE, NULL},
                {"1.5\n", PHP_DISAGREE, NULL},
                {"1 x", PHP_DONE, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s\n", cases[i].text);
                _cleanup_php_value_ struct php_value text = php_text(cases[i].text);
                bool numeric = false;
                struct php_value number;
                assert_int_equal(php_numeric(text, &numeric, &number), cases[i].answer);
                assert_int_equal(numeric, cases[i].expected != NULL);
                if (numeric)
                        assert_value(number, cases[i].expected);
        }
}

static void test_floats(void **state)
{
        static const struct {
                double number;
                const char *text, *exact;
        } cases[] = {
                {1.0000000000000001e-1, "0.1", "0.1"},
                {3.0000000000000004e-1, "0.3", "0.30000000000000004"},
                {3.3333333333333331e-1, "0.33333333333333", "0.3333333333333333"},
                {1.0000000000000000e+2, "100", "100"},
                {1.0000000000000000e+15, "1.0E+15", "1000000000000000"},
                {1.0000000000000000e+16, "1.0E+16", "10000000000000000"},
                {1.0000000000000000e+17, "1.0E+17", "1.0E+17"},
                {1.0000000000000000e+21, "1.0E+21", "1.0E+21"},
                {1.0000000000000000e+22, "1.0E+22", "1.0E+22"},
                {1.0000000000000001e+25, "1.0E+25", "1.0E+25"},
                {1.2345678901234568e+17, "1.2345678901235E+17", "1.2345678901234568E+17"},
                {1.5000000000000001e+300, "1.5E+300", "1.5E+300"},
                {4.9406564584124654e-324, "4.9406564584125E-324", "5.0E-324"},
                {1.7976931348623157e+308, "1.7976931348623E+308", "1.7976931348623157E+308"},
                {1.0000000000000000e-4, "0.0001", "0.0001"},
                {1.0000000000000001e-5, "1.0E-5", "1.0E-5"},
                {-1.2500000000000000e+0, "-1.25", "-1.25"},
                {9.9999999999999995e-8, "1.0E-7", "1.0E-7"},
                {6.1565634681866374e+113, "6.1565634681866E+113", "6.156563468186638E+113"},
                {4.9406564584124654e-324, "4.9406564584125E-324", "5.0E-324"},
                {5.6843418860808015e-14, "5.6843418860808E-14", "5.684341886080802E-14"},
                {5.9604644775390625e-8, "5.9604644775391E-8", "5.960464477539063E-8"},
                {9.0071992547409920e+15, "9.007199254741E+15", "9007199254740992"},
                {4.3499999999999996e+0, "4.35", "4.35"},
                {2.9999999999999999e-1, "0.3", "0.3"},
                {2.9979245800000000e+8, "299792458", "299792458"},
                {1.0000000000000000e+100, "1.0E+100", "1.0E+100"},
                {9.9999999999999906e+13, "1.0E+14", "99999999999999.9"},
                {9.9999999999999988e+14, "1.0E+15", "999999999999999.9"},
                {1.0000000000000000e+0, "1", "1"},
                {2.5000000000000000e+0, "2.5", "2.5"},
                {1.0000000000000000e+14, "1.0E+14", "100000000000000"},
                {1.0000000000000000e+13, "10000000000000", "10000000000000"},
                {1.2345678901234500e+13, "12345678901234", "12345678901234.5"},
                {1.2345678901234550e+14, "1.2345678901235E+14", "123456789012345.5"},
                {-0.0, "-0", "-0"},
                {1.0000000000000000e-10, "1.0E-10", "1.0E-10"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_buffer_ struct buffer text = {0}, exact = {0};
                php_append_float(&text, cases[i].number);
                assert_string_equal(text.data, cases[i].text);
                php_append_float_exact(&exact, cases[i].number, 'E');
                assert_string_equal(exact.data, cases[i].exact);
        }
}

static void test_nan(void **state)
{
        bool equal;
        int order;
        assert_int_equal(php_loose_equal(php_float(NAN), php_float(1), &equal), PHP_DISAGREE);
        assert_int_equal(php_compare(php_float(NAN), php_float(NAN), &order), PHP_DISAGREE);
        assert_false(php_identical(php_float(NAN), php_float(NAN)));
        assert_true(php_truth(php_float(NAN)));
}

/* Nothing recurses without an end. */
static void test_deep_nesting(void **state)
{
        _cleanup_php_value_ struct php_value left = php_new_array(), right = php_new_array();
        for (int i = 0; i < 5000; i++) {
                struct php_value outer = php_new_array();
                php_array_append(&outer, left);
                left = outer;
                outer = php_new_array();
                php_array_append(&outer, right);
                right = outer;
        }
        bool equal;
        int order;
        struct php_value result;
        struct buffer message = {0};
        assert_int_equal(php_loose_equal(left, right, &equal), PHP_NO_CONVERSION);
        assert_int_equal(php_compare(left, right, &order), PHP_NO_CONVERSION);
        assert_int_equal(php_operate(PHP_IDENTICAL, left, right, &result, &message), PHP_NO_CONVERSION);
        assert_false(php_identical(left, right));
        assert_true(php_identical(left, left));
}

/* An array that holds another one twice, and so on: small, but endless to walk through. */
static void test_wide_nesting(void **state)
{
        _cleanup_php_value_ struct php_value left = php_new_array(), right = php_new_array();
        for (int i = 0; i < 60; i++) {
                struct php_value outer = php_new_array();
                php_array_append(&outer, php_copy(left));
                php_array_append(&outer, left);
                left = outer;
                outer = php_new_array();
                php_array_append(&outer, php_copy(right));
                php_array_append(&outer, right);
                right = outer;
        }
        bool equal;
        assert_int_equal(php_loose_equal(left, right, &equal), PHP_NO_CONVERSION);
        assert_false(php_identical(left, right));
}

static void test_type_names(void **state)
{
        static const struct {
                const char *value, *name, *short_name;
        } cases[] = {
                {"N;", "NULL", "null"},
                {"b:1;", "boolean", "bool"},
                {"i:1;", "integer", "int"},
                {"d:1;", "double", "float"},
                {"s:0:\"\";", "string", "string"},
                {"a:0:{}", "array", "array"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value);
                assert_string_equal(php_type_name(value), cases[i].name);
                assert_string_equal(php_short_type_name(value), cases[i].short_name);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_operate, nothing_is_alive),
                cmocka_unit_test_teardown(test_interpreters_own_operators, nothing_is_alive),
                cmocka_unit_test_teardown(test_negate_and_bit_not, nothing_is_alive),
                cmocka_unit_test_teardown(test_increment, nothing_is_alive),
                cmocka_unit_test_teardown(test_conversions, nothing_is_alive),
                cmocka_unit_test_teardown(test_numeric, nothing_is_alive),
                cmocka_unit_test_teardown(test_floats, nothing_is_alive),
                cmocka_unit_test_teardown(test_nan, nothing_is_alive),
                cmocka_unit_test_teardown(test_deep_nesting, nothing_is_alive),
                cmocka_unit_test_teardown(test_wide_nesting, nothing_is_alive),
                cmocka_unit_test_teardown(test_type_names, nothing_is_alive),
        };
        return cmocka_run_group_tests_name("php/operators", tests, NULL, NULL);
}
