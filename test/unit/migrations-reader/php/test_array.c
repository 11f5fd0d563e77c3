/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <inttypes.h>
#include <string.h>

static int nothing_is_alive(void **state)
{
        return php_memory_used() == 0 ? 0 : -1;
}

/* "k=1,0=2": the elements in order; integers only, strings as 'x', nested arrays in brackets. */
static void describe(struct php_value array, struct buffer *out)
{
        struct php_key key;
        struct php_value value;
        bool first = true;
        for (size_t at = 0; php_array_next(array, &at, &key, &value); first = false) {
                buffer_append_string(out, first ? "" : ",");
                if (key.is_string)
                        buffer_append_format(out, "'%s'=", key.bytes);
                else
                        buffer_append_format(out, "%" PRIi64 "=", key.integer);
                if (value.type == PHP_TYPE_INT)
                        buffer_append_format(out, "%" PRIi64, value.integer);
                else if (value.type == PHP_TYPE_STRING)
                        buffer_append_format(out, "%s", php_string_bytes(value));
                else if (value.type == PHP_TYPE_ARRAY) {
                        buffer_append_string(out, "[");
                        describe(value, out);
                        buffer_append_string(out, "]");
                } else
                        buffer_append_string(out, "null");
        }
}

static void assert_array(struct php_value array, const char *expected)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append(&text, "", 0);
        describe(array, &text);
        assert_string_equal(text.data, expected);
}

static void test_keys(void **state)
{
        static const struct {
                const char *text;
                bool is_string;
                int64_t integer;
        } cases[] = {
                {"0", false, 0},
                {"12", false, 12},
                {"-1", false, -1},
                {"9223372036854775807", false, INT64_MAX},
                {"-9223372036854775808", false, INT64_MIN},
                {"9223372036854775808", true, 0},
                {"-9223372036854775809", true, 0},
                {"99999999999999999999999", true, 0},
                {"", true, 0},
                {"-", true, 0},
                {"-0", true, 0},
                {"+1", true, 0},
                {"01", true, 0},
                {" 1", true, 0},
                {"1 ", true, 0},
                {"1.0", true, 0},
                {"0x1", true, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct php_key key = php_key_bytes(cases[i].text, strlen(cases[i].text));
                assert_int_equal(key.is_string, cases[i].is_string);
                assert_true(key.integer == cases[i].integer);
        }
        struct php_key key;
        assert_true(php_key_of(PHP_NULL_VALUE, &key) && key.is_string && key.size == 0);
        assert_true(php_key_of(php_bool(true), &key) && !key.is_string && key.integer == 1);
        assert_true(php_key_of(php_float(-1.9), &key) && !key.is_string && key.integer == -1);
        _cleanup_php_value_ struct php_value array = php_new_array();
        assert_false(php_key_of(array, &key));
        _cleanup_php_value_ struct php_value text = php_text("7");
        assert_true(php_key_of(text, &key) && !key.is_string && key.integer == 7);
}

static void test_order(void **state)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        assert_true(php_array_append(&array, php_int(1)));
        assert_true(php_array_append(&array, php_int(2)));
        php_array_set_text(&array, "k", php_int(3));
        php_array_set_text(&array, "1", php_int(4));
        php_array_set(&array, php_key_int(-5), php_int(5));
        assert_true(php_array_append(&array, php_int(6)));
        assert_array(array, "0=1,1=4,'k'=3,-5=5,2=6");
        assert_true(php_array_remove(&array, php_key_int(0)));
        assert_false(php_array_remove(&array, php_key_int(0)));
        php_array_set(&array, php_key_int(0), php_int(7));
        assert_true(php_array_remove(&array, php_key_bytes("k", 1)));
        php_array_set_text(&array, "k", php_int(8));
        assert_array(array, "1=4,-5=5,2=6,0=7,'k'=8");
        assert_int_equal(php_array_count(array), 5);
        assert_null(php_array_get_text(array, "missing"));
        assert_int_equal(php_array_get_text(array, "2")->integer, 6);
}

static void test_next_key(void **state)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        php_array_set(&array, php_key_int(-5), php_int(0));
        assert_true(php_array_append(&array, php_int(1)));
        assert_array(array, "-5=0,0=1");
        /* Removing the last element does not lower the next key. */
        assert_true(php_array_remove(&array, php_key_int(0)));
        assert_true(php_array_append(&array, php_int(2)));
        assert_array(array, "-5=0,1=2");
        _cleanup_php_value_ struct php_value copy = php_copy(array);
        assert_true(php_array_remove(&copy, php_key_int(1)));
        assert_true(php_array_append(&copy, php_int(3)));
        assert_array(copy, "-5=0,2=3");
        php_array_set(&array, php_key_int(INT64_MAX), php_int(4));
        assert_false(php_array_append(&array, php_text("released")));
        assert_null(php_array_slot_append(&array));
        assert_true(php_array_remove(&array, php_key_int(INT64_MAX)));
        assert_true(php_array_append(&array, php_int(5)));
        assert_array(array, "-5=0,1=2,9223372036854775807=5");
}

static void test_copy_on_write(void **state)
{
        _cleanup_php_value_ struct php_value inner = php_new_array();
        php_array_append(&inner, php_int(1));
        _cleanup_php_value_ struct php_value outer = php_new_array();
        php_array_set_text(&outer, "in", php_copy(inner));
        _cleanup_php_value_ struct php_value copy = php_copy(outer);
        struct php_value *slot = php_array_slot(&copy, php_key_bytes("in", 2));
        php_array_append(slot, php_int(2));
        assert_array(inner, "0=1");
        assert_array(outer, "'in'=[0=1]");
        assert_array(copy, "'in'=[0=1,1=2]");
        /* An array inside itself is its copy. */
        php_array_append(&copy, php_copy(copy));
        assert_array(copy, "'in'=[0=1,1=2],0=['in'=[0=1,1=2]]");
}

static void test_references_in_elements(void **state)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        php_array_append(&array, php_int(1));
        php_array_append(&array, php_int(2));
        struct php_value variable = php_make_reference(php_array_slot(&array, php_key_int(0)));
        /* A copy shares the element as long as the variable does. */
        _cleanup_php_value_ struct php_value shared = php_copy(array);
        php_array_set(&shared, php_key_int(1), php_int(20));
        php_array_set(&shared, php_key_int(0), php_int(10));
        assert_array(array, "0=10,1=2");
        assert_array(shared, "0=10,1=20");
        assert_int_equal(php_look(variable).integer, 10);
        php_clear(&variable);
        php_clear(&shared);
        /* Alone again, the reference is a plain element for copies. */
        _cleanup_php_value_ struct php_value plain = php_copy(array);
        php_array_set(&plain, php_key_int(0), php_int(100));
        assert_array(array, "0=10,1=2");
        assert_array(plain, "0=100,1=2");
}

static void test_array_behind_reference(void **state)
{
        _cleanup_php_value_ struct php_value variable = php_new_array();
        _cleanup_php_value_ struct php_value other = php_make_reference(&variable);
        _cleanup_php_value_ struct php_value before = php_copy(php_look(variable));
        php_array_append(&other, php_int(1));
        assert_array(variable, "0=1");
        assert_array(before, "");
}

/* foreach by reference: what is appended is seen, what is removed is not, wherever the walk stands. */
static void test_walk_while_changing(void **state)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        for (int i = 0; i < 100; i++)
                php_array_append(&array, php_int(i));
        struct php_key key;
        struct php_value *slot;
        size_t steps = 0;
        int64_t last = -1;
        for (size_t at = 0; php_array_next_slot(&array, &at, &key, &slot); steps++) {
                int64_t seen = slot->integer;
                assert_true(seen > last);
                last = seen;
                php_array_remove(&array, key);
                php_array_remove(&array, php_key_int(seen + 1));
                if (steps < 500)
                        php_array_append(&array, php_int(php_array_next_key(array)));
        }
        assert_int_equal(php_array_count(array), 0);
        assert_int_equal(last, 599);
        assert_int_equal(steps, 501);
}

static void test_many_keys(void **state)
{
        enum { COUNT = 20000 };
        _cleanup_php_value_ struct php_value array = php_new_array();
        char text[32];
        for (int i = 0; i < COUNT; i++) {
                int size = snprintf(text, sizeof(text), "key %d", i);
                php_array_set(&array, php_key_bytes(text, (size_t)size), php_int(i));
                php_array_set(&array, php_key_int((int64_t)i << 32), php_int(-i));
        }
        for (int i = 0; i < COUNT; i += 2) {
                int size = snprintf(text, sizeof(text), "key %d", i);
                assert_true(php_array_remove(&array, php_key_bytes(text, (size_t)size)));
        }
        assert_int_equal(php_array_count(array), COUNT * 3 / 2);
        for (int i = 0; i < COUNT; i++) {
                int size = snprintf(text, sizeof(text), "key %d", i);
                const struct php_value *found = php_array_get(array, php_key_bytes(text, (size_t)size));
                assert_int_equal(found != NULL, i % 2);
                if (found)
                        assert_int_equal(found->integer, i);
                assert_int_equal(php_array_get(array, php_key_int((int64_t)i << 32))->integer, -i);
        }
}

static void test_list_with_holes(void **state)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        for (int i = 0; i < 5; i++)
                php_array_append(&array, php_int(i));
        php_array_remove(&array, php_key_int(1));
        php_array_remove(&array, php_key_int(4));
        _cleanup_php_value_ struct php_value copy = php_copy(array);
        php_array_append(&copy, php_int(50));
        assert_array(copy, "0=0,2=2,3=3,5=50");
        php_array_set(&copy, php_key_int(1), php_int(10));
        assert_array(copy, "0=0,2=2,3=3,5=50,1=10");
        assert_array(array, "0=0,2=2,3=3");
        assert_null(php_array_get(array, php_key_int(4)));
        assert_null(php_array_get(array, php_key_int(-1)));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_keys, nothing_is_alive),
                cmocka_unit_test_teardown(test_order, nothing_is_alive),
                cmocka_unit_test_teardown(test_next_key, nothing_is_alive),
                cmocka_unit_test_teardown(test_copy_on_write, nothing_is_alive),
                cmocka_unit_test_teardown(test_references_in_elements, nothing_is_alive),
                cmocka_unit_test_teardown(test_array_behind_reference, nothing_is_alive),
                cmocka_unit_test_teardown(test_walk_while_changing, nothing_is_alive),
                cmocka_unit_test_teardown(test_many_keys, nothing_is_alive),
                cmocka_unit_test_teardown(test_list_with_holes, nothing_is_alive),
        };
        return cmocka_run_group_tests_name("php/array", tests, NULL, NULL);
}
