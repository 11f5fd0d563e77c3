/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected texts, values and errors are those of PHP 8.2. */

#include "migrations-reader/php/json.h"

#include "migrations-reader/php/serialize.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
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
        assert_true(text.size >= strlen(serialized)); /* there may be a NUL in it */
        assert_memory_equal(text.data, serialized, text.size);
}

static void test_encode(void **state)
{
        static const struct {
                const char *value; /* serialized */
                unsigned flags;
                enum php_json_error error;
                const char *expected;
        } cases[] = {
                {"N;", 0, 0, "null"},
                {"b:1;", 0, 0, "true"},
                {"b:0;", 0, 0, "false"},
                {"i:0;", 0, 0, "0"},
                {"i:-5;", 0, 0, "-5"},
                {"s:0:\"\";", 0, 0, "\"\""},
                {"s:21:\"a/b\303\251\360\237\230\200\342\200\250\177\037\010\014\012\015\011\"\\\";", 0, 0,
                        "\"a\\/b\\u00e9\\ud83d\\ude00\\u2028\177\\u001f\\b\\f\\n\\r\\t\\\"\\\\\""},
                {"s:11:\"a/\303\251\360\237\230\200\342\200\250\";",
                        PHP_JSON_UNESCAPED_SLASHES | PHP_JSON_UNESCAPED_UNICODE, 0,
                        "\"a/\303\251\360\237\230\200\\u2028\""},
                {"s:3:\"\342\200\250\";", PHP_JSON_UNESCAPED_UNICODE | PHP_JSON_UNESCAPED_LINE_TERMINATORS, 0,
                        "\"\342\200\250\""},
                {"s:5:\"<>&'\"\";", 0, 0, "\"<>&'\\\"\""},
                {"s:5:\"<>&'\"\";",
                        PHP_JSON_HEX_TAG | PHP_JSON_HEX_AMP | PHP_JSON_HEX_APOS | PHP_JSON_HEX_QUOT, 0,
                        "\"\\u003C\\u003E\\u0026\\u0027\\u0022\""},
                {"a:0:{}", 0, 0, "[]"},
                {"a:0:{}", PHP_JSON_FORCE_OBJECT, 0, "{}"},
                {"a:2:{i:0;i:1;i:1;i:2;}", 0, 0, "[1,2]"},
                {"a:2:{i:0;i:1;i:1;i:2;}", PHP_JSON_FORCE_OBJECT, 0, "{\"0\":1,\"1\":2}"},
                {"a:1:{i:1;i:1;}", 0, 0, "{\"1\":1}"},
                {"a:4:{s:1:\"a\";i:1;i:5;i:2;s:0:\"\";i:3;s:1:\"/\";s:1:\"/\";}", 0, 0,
                        "{\"a\":1,\"5\":2,\"\":3,\"\\/\":\"\\/\"}"},
                {"a:2:{i:0;a:0:{}i:1;a:2:{i:0;i:1;i:1;a:1:{s:1:\"a\";a:0:{}}}}", PHP_JSON_PRETTY_PRINT, 0,
                        "[\012    [],\012    [\012        1,\012        {\012            \"a\": []\012       "
                        " }\012    ]\012]"},
                {"a:1:{s:1:\"a\";a:1:{s:1:\"b\";i:1;}}", PHP_JSON_FORCE_OBJECT | PHP_JSON_PRETTY_PRINT, 0,
                        "{\012    \"a\": {\012        \"b\": 1\012    }\012}"},
                {"a:0:{}", PHP_JSON_PRETTY_PRINT, 0, "[]"},
                {"a:7:{i:0;d:0.1;i:1;d:1;i:2;d:-0;i:3;d:1.0E+25;i:4;d:0.30000000000000004;i:5;d:1.0E-7;i:6;d:"
                 "1.0E+20;}",
                        0, 0, "[0.1,1,-0,1.0e+25,0.30000000000000004,1.0e-7,1.0e+20]"},
                {"a:3:{i:0;d:1;i:1;d:1.0E+25;i:2;d:-0;}", PHP_JSON_PRESERVE_ZERO_FRACTION, 0,
                        "[1.0,1.0e+25,-0.0]"},
                {"a:9:{i:0;s:1:\"1\";i:1;s:3:\"1.0\";i:2;s:3:\"1e3\";i:3;s:3:\"0x1\";i:4;s:2:\" "
                 "1\";i:5;s:3:\"abc\";i:6;s:0:\"\";i:7;s:2:\"-0\";i:8;s:20:\"99999999999999999999\";}",
                        PHP_JSON_NUMERIC_CHECK, 0, "[1,1,1000,\"0x1\",1,\"abc\",\"\",0,1.0e+20]"},
                {"a:2:{i:12;s:1:\"x\";s:1:\"k\";s:2:\"12\";}", PHP_JSON_NUMERIC_CHECK, 0,
                        "{\"12\":\"x\",\"k\":12}"},
                {"s:1:\"\377\";", 0, 5, NULL},
                {"s:3:\"\355\240\200\";", 0, 5, NULL},
                {"a:2:{i:0;s:2:\"ok\";i:1;s:2:\"a\303\";}", 0, 5, NULL},
                {"a:1:{s:2:\"a\303\";i:1;}", 0, 5, NULL},
                {"d:INF;", 0, 7, NULL},
                {"a:3:{i:0;i:1;i:1;d:NAN;i:2;i:2;}", 0, 7, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s\n", cases[i].value);
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value);
                _cleanup_buffer_ struct buffer text = {0};
                enum php_json_error error;
                assert_int_equal(php_json_encode(value, cases[i].flags, 512, NULL, &text, &error), PHP_DONE);
                assert_int_equal(error, cases[i].error);
                if (cases[i].expected)
                        assert_string_equal(text.data, cases[i].expected);
        }
}

static void test_encode_depth(void **state)
{
        static const struct {
                const char *value;
                int64_t depth;
                enum php_json_error error;
        } cases[] = {
                {"i:1;", 0, PHP_JSON_ERROR_NONE},
                {"a:0:{}", 0, PHP_JSON_ERROR_DEPTH},
                {"a:1:{i:0;a:0:{}}", 1, PHP_JSON_ERROR_DEPTH},
                {"a:1:{i:0;a:0:{}}", 2, PHP_JSON_ERROR_NONE},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value);
                _cleanup_buffer_ struct buffer text = {0};
                enum php_json_error error;
                assert_int_equal(php_json_encode(value, 0, cases[i].depth, NULL, &text, &error), PHP_DONE);
                assert_int_equal(error, cases[i].error);
        }
}

/* What is written in part, or by rules that are not told here, is PHP's. */
static void test_encode_needs_php(void **state)
{
        static const struct {
                const char *value;
                unsigned flags;
        } cases[] = {
                {"s:1:\"\xff\";", PHP_JSON_PARTIAL_OUTPUT_ON_ERROR},
                {"s:1:\"\xff\";", PHP_JSON_INVALID_UTF8_IGNORE},
                {"s:1:\"\xff\";", PHP_JSON_INVALID_UTF8_SUBSTITUTE},
                {"d:NAN;", PHP_JSON_PARTIAL_OUTPUT_ON_ERROR},
                {"s:2:\"1 \";", PHP_JSON_NUMERIC_CHECK}, /* a number in PHP 8 only */
                {"s:5:\"1e400\";", PHP_JSON_NUMERIC_CHECK},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_php_value_ struct php_value value = value_of(cases[i].value);
                _cleanup_buffer_ struct buffer text = {0};
                enum php_json_error error;
                assert_int_equal(
                        php_json_encode(value, cases[i].flags, 512, NULL, &text, &error), PHP_NO_CONVERSION);
        }
}

static void test_decode(void **state)
{
        static const struct {
                const char *text;
                size_t size;
                enum php_json_error error;
                const char *expected; /* serialized */
        } cases[] = {
                {"", 0, 4, NULL},
                {" ", 1, 4, NULL},
                {"null", 4, 0, "N;"},
                {"true", 4, 0, "b:1;"},
                {"false", 5, 0, "b:0;"},
                {" 1 ", 3, 0, "i:1;"},
                {"0", 1, 0, "i:0;"},
                {"-5", 2, 0, "i:-5;"},
                {"9223372036854775807", 19, 0, "i:9223372036854775807;"},
                {"9223372036854775808", 19, 0, "d:9.223372036854776E+18;"},
                {"-9223372036854775808", 20, 0, "i:-9223372036854775808;"},
                {"-9223372036854775809", 20, 0, "d:-9.223372036854776E+18;"},
                {"0.1", 3, 0, "d:0.1;"},
                {"-0.0", 4, 0, "d:-0;"},
                {"1E5", 3, 0, "d:100000;"},
                {"1.5e3", 5, 0, "d:1500;"},
                {"1e400", 5, 0, "d:INF;"},
                {"01", 2, 4, NULL},
                {"-", 1, 4, NULL},
                {"+1", 2, 4, NULL},
                {".5", 2, 4, NULL},
                {"1.", 2, 4, NULL},
                {"1e", 2, 4, NULL},
                {"1 2", 3, 4, NULL},
                {"nul", 3, 4, NULL},
                {"nullx", 5, 4, NULL},
                {"\"\"", 2, 0, "s:0:\"\";"},
                {"\"a\"", 3, 0, "s:1:\"a\";"},
                {"\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"", 18, 0, "s:8:\"/\010\014\012\015\011\"\\\";"},
                {"\"\\u00e9\\u20AC\"", 14, 0, "s:5:\"\303\251\342\202\254\";"},
                {"\"\\ud83d\\ude00\"", 14, 0, "s:4:\"\360\237\230\200\";"},
                {"\"\\u0000\"", 8, 0, "s:1:\"\000\";"},
                {"\"\\uD800\"", 8, 10, NULL},
                {"\"\\uDC00\"", 8, 10, NULL},
                {"\"\\uD83D\\u0041\"", 14, 10, NULL},
                {"\"\\u12\"", 6, 4, NULL},
                {"\"\\x\"", 4, 4, NULL},
                {"\"a", 2, 3, NULL},
                {"\"a\\", 3, 4, NULL},
                {"\"\011\"", 3, 3, NULL},
                {"\"\377\"", 3, 5, NULL},
                {"\"\303\244\"", 4, 0, "s:2:\"\303\244\";"},
                {"\377", 1, 5, NULL},
                {"\303\244", 2, 4, NULL},
                {"\001", 1, 3, NULL},
                {"1\000", 2, 3, NULL},
                {"\"a\000b\"", 5, 3, NULL},
                {"'a'", 3, 4, NULL},
                {"[]", 2, 0, "a:0:{}"},
                {"[1,[2,[]]]", 10, 0, "a:2:{i:0;i:1;i:1;a:2:{i:0;i:2;i:1;a:0:{}}}"},
                {"[1,]", 4, 4, NULL},
                {"[,1]", 4, 4, NULL},
                {"[1 2]", 5, 4, NULL},
                {"[1", 2, 4, NULL},
                {"[", 1, 4, NULL},
                {"[}", 2, 2, NULL},
                {"[1}", 3, 2, NULL},
                {"]", 1, 4, NULL},
                {"{}", 2, 0, "a:0:{}"},
                {"{\"a\":1,\"b\":{\"c\":null}}", 22, 0, "a:2:{s:1:\"a\";i:1;s:1:\"b\";a:1:{s:1:\"c\";N;}}"},
                {"{\"a\":1,\"b\":2,\"a\":3}", 19, 0, "a:2:{s:1:\"a\";i:3;s:1:\"b\";i:2;}"},
                {"{\"0\":1,\"01\":2,\"\":3}", 19, 0, "a:3:{i:0;i:1;s:2:\"01\";i:2;s:0:\"\";i:3;}"},
                {"{\"\\u0000a\":1}", 13, 0, "a:1:{s:2:\"\000a\";i:1;}"},
                {"{\"a\"}", 5, 4, NULL},
                {"{\"a\":}", 6, 4, NULL},
                {"{\"a\":1,}", 8, 4, NULL},
                {"{a:1}", 5, 4, NULL},
                {"{1:2}", 5, 4, NULL},
                {"{\"a\" 1}", 7, 4, NULL},
                {"{\"a\":1 \"b\":2}", 13, 4, NULL},
                {"{]", 2, 2, NULL},
                {"{\"a\":1]", 7, 2, NULL},
                {"{", 1, 4, NULL},
                {"[1]x", 4, 4, NULL},
                {"[1] ", 4, 0, "a:1:{i:0;i:1;}"},
                {"[1 \"a", 5, 3, NULL},
                {"[nul", 4, 4, NULL},
                {"/**/1", 5, 4, NULL},
                {"\357\273\2771", 4, 4, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s\n", cases[i].text);
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                enum php_json_error error;
                assert_int_equal(php_json_decode(cases[i].text, cases[i].size, PHP_JSON_OBJECT_AS_ARRAY, 512,
                                         NULL, &value, &error),
                        PHP_DONE);
                assert_int_equal(error, cases[i].error);
                if (cases[i].expected)
                        assert_value(value, cases[i].expected);
                else
                        assert_int_equal(value.type, PHP_TYPE_NULL);
        }
}

static void test_decode_flags_and_depth(void **state)
{
        static const struct {
                const char *text;
                unsigned flags;
                int64_t depth;
                enum php_answer answer;
                enum php_json_error error;
                const char *expected;
        } cases[] = {
                {"12345678901234567890", PHP_JSON_BIGINT_AS_STRING, 512, PHP_DONE, PHP_JSON_ERROR_NONE,
                        "s:20:\"12345678901234567890\";"},
                {"1e30", PHP_JSON_BIGINT_AS_STRING, 512, PHP_DONE, PHP_JSON_ERROR_NONE, "d:1.0E+30;"},
                {"1", 0, 1, PHP_DONE, PHP_JSON_ERROR_NONE, "i:1;"},
                {"[]", 0, 1, PHP_DONE, PHP_JSON_ERROR_DEPTH, NULL},
                {"[1]", 0, 2, PHP_DONE, PHP_JSON_ERROR_NONE, "a:1:{i:0;i:1;}"},
                {"[[]]", 0, 2, PHP_DONE, PHP_JSON_ERROR_DEPTH, NULL},
                {"{}", 0, 512, PHP_NO_CONVERSION, PHP_JSON_ERROR_NONE, NULL},
                {"-0", 0, 512, PHP_NO_CONVERSION, PHP_JSON_ERROR_NONE, NULL},
                {"TRUE", 0, 512, PHP_NO_CONVERSION, PHP_JSON_ERROR_NONE, NULL},
                {"\"\xff\"", PHP_JSON_INVALID_UTF8_IGNORE, 512, PHP_NO_CONVERSION, PHP_JSON_ERROR_NONE, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                print_message("%s\n", cases[i].text);
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                enum php_json_error error = PHP_JSON_ERROR_NONE;
                assert_int_equal(php_json_decode(cases[i].text, strlen(cases[i].text), cases[i].flags,
                                         cases[i].depth, NULL, &value, &error),
                        cases[i].answer);
                assert_int_equal(error, cases[i].error);
                if (cases[i].expected)
                        assert_value(value, cases[i].expected);
        }
}

/* Whatever is an object here has the properties 0 and b. */
static bool show_properties(void *context, struct php_value object, struct php_value *ret)
{
        *ret = *(struct php_value *)context;
        return ret->type == PHP_TYPE_ARRAY;
}

static void test_encode_objects(void **state)
{
        struct php_value properties = value_of("a:2:{i:0;d:1.5;s:1:\"b\";a:0:{}}");
        const struct php_plain_objects objects = {.properties = show_properties, .context = &properties};
        _cleanup_php_value_ struct php_value array = php_new_array();
        php_array_append(&array, (struct php_value){.type = PHP_TYPE_OBJECT});
        enum php_json_error error;
        _cleanup_buffer_ struct buffer text = {0}, ignored = {0};
        assert_int_equal(php_json_encode(array, 0, 512, &objects, &text, &error), PHP_DONE);
        assert_string_equal(text.data, "[{\"0\":1.5,\"b\":[]}]");
        php_clear(&properties);
        assert_int_equal(php_json_encode(array, 0, 512, &objects, &ignored, &error), PHP_NO_CONVERSION);
        assert_int_equal(php_json_encode(array, 0, 512, NULL, &ignored, &error), PHP_NO_CONVERSION);
        *php_array_slot(&array, php_key_int(0)) = PHP_NULL_VALUE; /* it was none */
}

/* Objects are made by whoever has classes: here, arrays that keep their members under "name!". */
static bool make_array(void *context, struct php_value *ret)
{
        size_t *left = context;
        if ((*left)-- == 0)
                return false;
        *ret = php_new_array();
        php_release(php_make_reference(ret)); /* a handle, as objects are */
        return true;
}

static void set_marked(struct php_value object, const char *name, struct php_value value)
{
        _cleanup_free_ char *marked = string_format("%s!", name);
        php_array_set_text(&object, marked, value);
}

static void test_decode_objects(void **state)
{
        static const struct {
                const char *text;
                size_t allowed;
                enum php_answer answer;
                enum php_json_error error;
                const char *expected;
        } cases[] = {
                {"{\"b\":1,\"0\":{\"\":null}}", 2, PHP_DONE, PHP_JSON_ERROR_NONE,
                        "a:2:{s:2:\"b!\";i:1;s:2:\"0!\";a:1:{s:1:\"!\";N;}}"},
                {"{\"b\":1,\"0\":{\"\":null}}", 1, PHP_NO_CONVERSION, PHP_JSON_ERROR_NONE, NULL},
                {"{\"\\u0000b\":[1]}", 1, PHP_DONE, PHP_JSON_ERROR_INVALID_PROPERTY_NAME, NULL},
                {"{\"b\\u0000\":[1]}", 1, PHP_NO_CONVERSION, PHP_JSON_ERROR_NONE, NULL},
                {"{\"a\":[1}", 1, PHP_DONE, PHP_JSON_ERROR_STATE_MISMATCH, NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                size_t left = cases[i].allowed;
                const struct php_plain_objects objects = {
                        .make = make_array, .set = set_marked, .context = &left};
                _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
                enum php_json_error error = PHP_JSON_ERROR_NONE;
                assert_int_equal(php_json_decode(cases[i].text, strlen(cases[i].text), 0, 512, &objects,
                                         &value, &error),
                        cases[i].answer);
                assert_int_equal(error, cases[i].error);
                if (cases[i].expected)
                        assert_value(value, cases[i].expected);
        }
}

static void test_decode_is_bounded(void **state)
{
        _cleanup_buffer_ struct buffer deep = {0};
        for (int i = 0; i < 100000; i++)
                buffer_append_string(&deep, i % 2 ? "{\"a\":" : "[");
        struct php_value value;
        enum php_json_error error;
        assert_int_equal(php_json_decode(deep.data, deep.size, PHP_JSON_OBJECT_AS_ARRAY, INT32_MAX, NULL,
                                 &value, &error),
                PHP_NO_CONVERSION);
        assert_int_equal(
                php_json_decode(deep.data, deep.size, PHP_JSON_OBJECT_AS_ARRAY, 512, NULL, &value, &error),
                PHP_DONE);
        assert_int_equal(error, PHP_JSON_ERROR_DEPTH);
}

static void test_messages(void **state)
{
        assert_string_equal(php_json_message(PHP_JSON_ERROR_NONE), "No error");
        assert_string_equal(php_json_message(PHP_JSON_ERROR_SYNTAX), "Syntax error");
        assert_string_equal(
                php_json_message(PHP_JSON_ERROR_UTF16), "Single unpaired high surrogate in Unicode escape");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_encode, nothing_is_alive),
                cmocka_unit_test_teardown(test_encode_depth, nothing_is_alive),
                cmocka_unit_test_teardown(test_encode_needs_php, nothing_is_alive),
                cmocka_unit_test_teardown(test_decode, nothing_is_alive),
                cmocka_unit_test_teardown(test_decode_flags_and_depth, nothing_is_alive),
                cmocka_unit_test_teardown(test_encode_objects, nothing_is_alive),
                cmocka_unit_test_teardown(test_decode_objects, nothing_is_alive),
                cmocka_unit_test_teardown(test_decode_is_bounded, nothing_is_alive),
                cmocka_unit_test_teardown(test_messages, nothing_is_alive),
        };
        return cmocka_run_group_tests_name("php/json", tests, NULL, NULL);
}
