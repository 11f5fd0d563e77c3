/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected bytes, values and offsets are those of PHP 8.2. */

#include "migrations-reader/php/serialize.h"

#include "migrations-reader/php/value_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static int nothing_is_alive(void **state)
{
        return php_memory_used() == 0 ? 0 : -1;
}

static struct php_value value_of(const char *serialized, size_t size)
{
        struct php_value value = PHP_NULL_VALUE;
        size_t offset;
        assert_int_equal(php_unserialize(serialized, size, NULL, &value, &offset), PHP_DONE);
        return value;
}

static void assert_serialized(struct php_value value, const char *expected)
{
        _cleanup_buffer_ struct buffer text = {0};
        assert_int_equal(php_serialize(value, NULL, &text), PHP_DONE);
        assert_true(text.size >= strlen(expected)); /* there may be a NUL in it */
        assert_memory_equal(text.data, expected, text.size);
}

static void test_unserialize(void **state)
{
        static const struct {
                const char *text;
                size_t size;
                enum php_answer answer;
                size_t offset;
                const char *expected; /* serialized again */
        } cases[] = {
                {"", 0, PHP_NOTICE, 0, NULL}, /* false without a notice */
                {"N;", 2, PHP_DONE, 0, "N;"},
                {"b:0;", 4, PHP_DONE, 0, "b:0;"},
                {"b:1;", 4, PHP_DONE, 0, "b:1;"},
                {"b:2;", 4, PHP_NOTICE, 0, NULL},
                {"b:1", 3, PHP_NOTICE, 0, NULL},
                {"i:5;", 4, PHP_DONE, 0, "i:5;"},
                {"i:+5;", 5, PHP_DONE, 0, "i:5;"},
                {"i:-0;", 5, PHP_DONE, 0, "i:0;"},
                {"i: 5;", 5, PHP_NOTICE, 0, NULL},
                {"i:;", 3, PHP_NOTICE, 0, NULL},
                {"i:5", 3, PHP_NOTICE, 0, NULL},
                {"i:9223372036854775807;", 22, PHP_DONE, 0, "i:9223372036854775807;"},
                {"i:99999999999999999999;", 23, PHP_DONE, 0, "i:9223372036854775807;"},
                {"i:-99999999999999999999;", 24, PHP_DONE, 0, "i:-9223372036854775808;"},
                {"d:.5;", 5, PHP_DONE, 0, "d:0.5;"},
                {"d:5.;", 5, PHP_DONE, 0, "d:5;"},
                {"d:5;", 4, PHP_DONE, 0, "d:5;"},
                {"d:1e5;", 6, PHP_DONE, 0, "d:100000;"},
                {"d:1E-7;", 7, PHP_DONE, 0, "d:1.0E-7;"},
                {"d:0.1;", 6, PHP_DONE, 0, "d:0.1;"},
                {"d:-0;", 5, PHP_DONE, 0, "d:-0;"},
                {"d:INF;", 6, PHP_DONE, 0, "d:INF;"},
                {"d:-INF;", 7, PHP_DONE, 0, "d:-INF;"},
                {"d:+INF;", 7, PHP_NOTICE, 0, NULL},
                {"d:1e;", 5, PHP_NOTICE, 0, NULL},
                {"d:.;", 4, PHP_NOTICE, 0, NULL},
                {"d:0x1;", 6, PHP_NOTICE, 0, NULL},
                {"s:0:\"\";", 7, PHP_DONE, 0, "s:0:\"\";"},
                {"s:3:\"abc\";", 10, PHP_DONE, 0, "s:3:\"abc\";"},
                {"s:3:\"a\"b\";", 10, PHP_DONE, 0, "s:3:\"a\"b\";"},
                {"s:3:\"ab\";", 9, PHP_NOTICE, 8, NULL},
                {"s:4:\"abc\";", 10, PHP_NOTICE, 9, NULL},
                {"s:2:\"abc\";", 10, PHP_NOTICE, 7, NULL},
                {"s:3:\"abc\"", 9, PHP_NOTICE, 9, NULL},
                {"s:3:abc;", 8, PHP_NOTICE, 0, NULL},
                {"s:+3:\"abc\";", 11, PHP_NOTICE, 0, NULL},
                {"s:999999999999999999999:\"a\";", 28, PHP_NOTICE, 2, NULL},
                {"s:3:\"a\000b\";", 10, PHP_DONE, 0, "s:3:\"a\000b\";"},
                {"S:3:\"a\\62c\";", 12, PHP_DONE, 0, "s:3:\"abc\";"},
                {"S:1:\"\\zz\";", 10, PHP_NOTICE, 0, NULL},
                {"S:9:\"a\";", 8, PHP_NOTICE, 2, NULL},
                {"a:0:{}", 6, PHP_DONE, 0, "a:0:{}"},
                {"a:0:{", 5, PHP_NOTICE, 5, NULL},
                {"a:1:{}", 6, PHP_NOTICE, 5, NULL},
                {"a:-1:{}", 7, PHP_NOTICE, 0, NULL},
                {"a:1:{i:0;i:1;}", 14, PHP_DONE, 0, "a:1:{i:0;i:1;}"},
                {"a:2:{i:0;i:1;}", 14, PHP_NOTICE, 13, NULL},
                {"a:1:{i:0;i:1;i:2;}", 18, PHP_NOTICE, 13, NULL},
                {"a:1:{i:0;}", 10, PHP_NOTICE, 9, NULL},
                {"a:2:{i:5;s:1:\"x\";s:1:\"5\";s:1:\"y\";}", 34, PHP_DONE, 0, "a:1:{i:5;s:1:\"y\";}"},
                {"a:1:{N;i:1;}", 12, PHP_NOTICE, 7, NULL},
                {"a:1:{a:0:{}i:1;}", 16, PHP_NOTICE, 10, NULL},
                {"a:1:{d:1;i:1;}", 14, PHP_NOTICE, 9, NULL},
                {"a:1:{R:1;i:1;}", 14, PHP_NOTICE, 9, NULL},
                {"a:100:{i:0;i:1;}", 16, PHP_NOTICE, 7, NULL},
                {"a:4294967297:{}", 15, PHP_NOTICE, 14, NULL},
                {"a:2:{i:0;i:1;i:1;R:2;}", 22, PHP_DONE, 0, "a:2:{i:0;i:1;i:1;R:2;}"},
                {"a:2:{i:0;i:1;i:1;R:3;}", 22, PHP_NOTICE, 21, NULL},
                {"a:2:{i:0;i:1;i:1;R:0;}", 22, PHP_NOTICE, 21, NULL},
                {"a:2:{i:0;i:1;i:1;r:2;}", 22, PHP_NOTICE, 21, NULL},
                {"a:3:{i:0;a:1:{i:0;i:7;}i:1;R:2;i:2;R:3;}", 40, PHP_DONE, 0,
                        "a:3:{i:0;a:1:{i:0;i:7;}i:1;R:2;i:2;R:3;}"},
                {"a:4:{i:0;i:1;i:1;i:1;i:2;R:2;i:3;R:3;}", 38, PHP_DONE, 0,
                        "a:4:{i:0;i:1;i:1;i:1;i:2;R:2;i:3;R:3;}"},
                {"R:1;", 4, PHP_NOTICE, 4, NULL},
                {"r:1;", 4, PHP_NOTICE, 4, NULL},
                {"R:;", 3, PHP_NOTICE, 0, NULL},
                {"i:5;trailing", 12, PHP_DONE, 0, "i:5;"},
                {"x", 1, PHP_NOTICE, 0, NULL},
                {"}", 1, PHP_NOTICE, 0, NULL},
                {";", 1, PHP_NOTICE, 0, NULL},
                {"m:1;", 4, PHP_NOTICE, 0, NULL},
                {"a:1 :{}", 7, PHP_NOTICE, 0, NULL},
                {"a:1:{i:0;s:5:\"abc\";}", 20, PHP_NOTICE, 19, NULL},
                {"a:1:{s:2:\"07\";a:1:{s:1:\"k\";b:0;}}", 33, PHP_DONE, 0,
                        "a:1:{s:2:\"07\";a:1:{s:1:\"k\";b:0;}}"},
                {"O:8:\"stdClass\":0:{}", 19, PHP_NO_CONVERSION, 0, NULL},
                {"a:1:{i:0;O:1:\"A\":0:{}}", 23, PHP_NO_CONVERSION, 0, NULL},
                {"C:1:\"A\":0:{}", 13, PHP_NO_CONVERSION, 0, NULL},
                {"E:3:\"A:B\";", 11, PHP_NO_CONVERSION, 0, NULL},
                /* What a number means whose value is gone. */
                {"a:3:{i:0;i:1;i:0;i:2;i:1;R:2;}", 30, PHP_NO_CONVERSION, 0, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                size_t offset = 0;
                assert_int_equal(php_unserialize(cases[i].text, cases[i].size, NULL, &value, &offset),
                        cases[i].answer);
                assert_int_equal(offset, cases[i].offset);
                if (cases[i].expected)
                        assert_serialized(value, cases[i].expected);
                else
                        assert_int_equal(value.type, PHP_TYPE_NULL);
        }
}

static void test_bytes_stay(void **state)
{
        static const char text[] = "s:5:\"a\0\"\xff;\";";
        _cleanup_php_value_ struct php_value value = value_of(text, sizeof(text) - 1);
        assert_int_equal(php_string_size(value), 5);
        assert_memory_equal(php_string_bytes(value), "a\0\"\xff;", 5);
        _cleanup_buffer_ struct buffer again = {0};
        assert_int_equal(php_serialize(value, NULL, &again), PHP_DONE);
        assert_int_equal(again.size, sizeof(text) - 1);
        assert_memory_equal(again.data, text, again.size);
}

/* Values that are one in the text are one in memory. */
static void test_references(void **state)
{
        static const char text[] = "a:3:{i:0;i:1;i:1;a:1:{s:1:\"k\";R:2;}i:2;R:3;}";
        _cleanup_php_value_ struct php_value array = value_of(text, sizeof(text) - 1);
        php_array_set(&array, php_key_int(0), php_int(5));
        php_array_set_text(php_array_slot(&array, php_key_int(2)), "new", php_int(6));
        assert_serialized(array, "a:3:{i:0;i:5;i:1;a:2:{s:1:\"k\";R:2;s:3:\"new\";i:6;}i:2;R:3;}");
        /* A copy shares them. */
        _cleanup_php_value_ struct php_value copy = php_copy(array);
        php_array_set(&copy, php_key_int(0), php_int(7));
        assert_int_equal(php_array_get(array, php_key_int(0))->integer, 7);
}

static void test_array_in_itself(void **state)
{
        static const char text[] = "a:2:{i:0;R:1;i:1;i:5;}";
        struct php_value array = value_of(text, sizeof(text) - 1);
        const struct php_value *inner = php_array_get(array, php_key_int(0));
        assert_int_equal(inner->type, PHP_TYPE_ARRAY);
        assert_int_equal(php_array_get(*php_array_get(*inner, php_key_int(0)), php_key_int(1))->integer, 5);
        struct buffer out = {0};
        assert_int_equal(php_serialize(array, NULL, &out), PHP_DISAGREE);
        assert_int_equal(php_export(array, &out), PHP_NO_CONVERSION);
        buffer_deinit(&out);
        php_release(array);
        php_break_references();
}

/* One reference, met twice because the array that holds it is there twice. */
static void test_shared_array_with_reference(void **state)
{
        struct php_value inner = php_new_array();
        php_array_append(&inner, php_int(1));
        php_release(php_make_reference(php_array_slot(&inner, php_key_int(0))));
        _cleanup_php_value_ struct php_value outer = php_new_array();
        php_array_append(&outer, php_copy(inner));
        php_array_append(&outer, inner);
        _cleanup_buffer_ struct buffer text = {0};
        assert_int_equal(php_serialize(outer, NULL, &text), PHP_DISAGREE);
}

static void test_export(void **state)
{
        static const struct {
                const char *value;
                size_t size;
                const char *expected;
        } cases[] = {
                {"N;", 2, "NULL"},
                {"b:1;", 4, "true"},
                {"b:0;", 4, "false"},
                {"i:5;", 4, "5"},
                {"i:-9223372036854775808;", 23, "-9223372036854775807-1"},
                {"d:1;", 4, "1.0"},
                {"d:0.1;", 6, "0.1"},
                {"d:-0;", 5, "-0.0"},
                {"d:1.0E+25;", 10, "1.0E+25"},
                {"d:INF;", 6, "INF"},
                {"d:-INF;", 7, "-INF"},
                {"d:NAN;", 6, "NAN"},
                {"s:0:\"\";", 7, "''"},
                {"s:6:\"it's \\\";", 13, "'it\\'s \\\\'"},
                {"s:3:\"a\012b\";", 10, "'a\012b'"},
                {"s:3:\"a\000b\";", 10, "'a' . \"\\0\" . 'b'"},
                {"s:1:\"\000\";", 8, "'' . \"\\0\" . ''"},
                {"a:0:{}", 6, "array (\012)"},
                {"a:2:{i:0;i:1;s:1:\"k\";s:1:\"v\";}", 30, "array (\012  0 => 1,\012  'k' => 'v',\012)"},
                {"a:2:{i:0;a:0:{}i:1;a:1:{i:1;a:1:{i:0;i:2;}}}", 44,
                        "array (\012  0 => \012  array (\012  ),\012  1 => \012  array (\012    1 => \012    "
                        "array (\012      0 => 2,\012    ),\012  ),\012)"},
                {"a:4:{s:2:\"q'\";i:1;s:1:\"\000\";i:2;i:-9223372036854775808;i:3;s:0:\"\";i:4;}", 69,
                        "array (\012  'q\\'' => 1,\012  '' . \"\\0\" . '' => 2,\012  -9223372036854775808 => "
                        "3,\012  '' => 4,\012)"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value, cases[i].size);
                _cleanup_buffer_ struct buffer text = {0};
                assert_int_equal(php_export(value, &text), PHP_DONE);
                assert_string_equal(text.data, cases[i].expected);
        }
}

static struct php_value nested(unsigned depth)
{
        struct php_value value = php_int(1);
        for (unsigned i = 0; i < depth; i++) {
                struct php_value outer = php_new_array();
                php_array_append(&outer, value);
                value = outer;
        }
        return value;
}

static void test_depth_is_bounded(void **state)
{
        _cleanup_buffer_ struct buffer text = {0}, ignored = {0};
        _cleanup_php_value_ struct php_value most = nested(PHP_SERIALIZE_DEPTH);
        assert_int_equal(php_serialize(most, NULL, &text), PHP_DONE);
        _cleanup_php_value_ struct php_value again = value_of(text.data, text.size);
        assert_true(php_identical(most, again));
        _cleanup_php_value_ struct php_value more = nested(PHP_SERIALIZE_DEPTH + 1);
        assert_int_equal(php_serialize(more, NULL, &ignored), PHP_NO_CONVERSION);
        assert_int_equal(php_export(more, &ignored), PHP_NO_CONVERSION);
        _cleanup_buffer_ struct buffer deep = {0};
        for (int i = 0; i < 100000; i++)
                buffer_append_string(&deep, "a:1:{i:0;");
        struct php_value value;
        size_t offset;
        assert_int_equal(php_unserialize(deep.data, deep.size, NULL, &value, &offset), PHP_NO_CONVERSION);
}

static void test_size_is_bounded(void **state)
{
        struct php_value value = nested(1);
        for (int i = 0; i < 40; i++) {
                struct php_value outer = php_new_array();
                php_array_append(&outer, php_copy(value));
                php_array_append(&outer, value);
                value = outer;
        }
        _cleanup_buffer_ struct buffer text = {0}, exported = {0};
        assert_int_equal(php_serialize(value, NULL, &text), PHP_NO_CONVERSION);
        assert_in_range(text.size, PHP_SERIALIZE_SIZE, PHP_SERIALIZE_SIZE + 4096);
        assert_int_equal(php_export(value, &exported), PHP_NO_CONVERSION);
        php_release(value);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_unserialize, nothing_is_alive),
                cmocka_unit_test_teardown(test_bytes_stay, nothing_is_alive),
                cmocka_unit_test_teardown(test_references, nothing_is_alive),
                cmocka_unit_test_teardown(test_array_in_itself, nothing_is_alive),
                cmocka_unit_test_teardown(test_shared_array_with_reference, nothing_is_alive),
                cmocka_unit_test_teardown(test_export, nothing_is_alive),
                cmocka_unit_test_teardown(test_depth_is_bounded, nothing_is_alive),
                cmocka_unit_test_teardown(test_size_is_bounded, nothing_is_alive),
        };
        return cmocka_run_group_tests_name("php/serialize", tests, NULL, NULL);
}
