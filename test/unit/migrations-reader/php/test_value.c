/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/value.h"

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

static void test_strings(void **state)
{
        static const char bytes[] = "a\0b";
        _cleanup_php_value_ struct php_value string = php_bytes(bytes, 3);
        assert_int_equal(php_string_size(string), 3);
        assert_memory_equal(php_string_bytes(string), bytes, 4);
        assert_false(php_string_is(string, "a"));
        _cleanup_php_value_ struct php_value other = php_copy(string);
        assert_ptr_equal(php_string_bytes(other), php_string_bytes(string));
        php_string_append(&other, "c", 1);
        assert_int_equal(php_string_size(string), 3);
        assert_memory_equal(php_string_bytes(other), "a\0bc", 5);
        assert_false(php_string_is(php_int(1), "1"));
        struct buffer buffer = {0};
        _cleanup_php_value_ struct php_value empty = php_from_buffer(&buffer);
        assert_true(php_string_is(empty, ""));
        buffer_append_string(&buffer, "text");
        _cleanup_php_value_ struct php_value text = php_from_buffer(&buffer);
        assert_true(php_string_is(text, "text"));
        assert_null(buffer.data);
}

static void test_append_grows_in_place(void **state)
{
        _cleanup_php_value_ struct php_value text = php_text("");
        for (int i = 0; i < 10000; i++)
                php_string_append(&text, "0123456789", 10);
        assert_int_equal(php_string_size(text), 100000);
        assert_int_equal(strspn(php_string_bytes(text), "0123456789"), 100000);
        assert_in_range(php_memory_used(), 100000, 200000);
        php_string_append(&text, php_string_bytes(text), php_string_size(text));
        assert_int_equal(php_string_size(text), 200000);
        assert_memory_equal(php_string_bytes(text) + 100000, php_string_bytes(text), 100000);
}

static void test_references(void **state)
{
        _cleanup_php_value_ struct php_value a = php_text("before");
        _cleanup_php_value_ struct php_value b = php_make_reference(&a);
        assert_int_equal(a.type, PHP_TYPE_REFERENCE);
        assert_ptr_equal(a.reference, b.reference);
        php_assign(&b, php_text("after"));
        assert_true(php_string_is(a, "after"));
        _cleanup_php_value_ struct php_value again = php_make_reference(&a);
        assert_ptr_equal(again.reference, a.reference);
        _cleanup_php_value_ struct php_value plain = php_copy(php_look(a));
        php_string_append(&a, "wards", 5);
        assert_true(php_string_is(b, "afterwards"));
        assert_true(php_string_is(plain, "after"));
        php_clear(&b);
        assert_int_equal(b.type, PHP_TYPE_NULL);
        assert_true(php_string_is(a, "afterwards"));
}

static void test_steal(void **state)
{
        struct php_value value = php_text("x");
        _cleanup_php_value_ struct php_value stolen = php_steal(&value);
        assert_int_equal(value.type, PHP_TYPE_NULL);
        assert_true(php_string_is(stolen, "x"));
}

/* Freeing what is nested must not nest. */
static void test_deep_nesting(void **state)
{
        struct php_value value = php_new_array();
        for (int i = 0; i < 300000; i++) {
                struct php_value outer = php_new_array();
                if (i % 3 == 0) {
                        struct php_value reference = php_make_reference(&value);
                        php_release(value);
                        value = reference;
                }
                php_array_append(&outer, value);
                value = outer;
        }
        php_release(value);
}

static void test_circles_are_broken(void **state)
{
        for (int i = 0; i < 3; i++) {
                struct php_value array = php_new_array();
                struct php_value self = php_make_reference(&array);
                php_array_append(&array, self);
                php_array_set_text(&array, "text", php_text("lost"));
                php_release(array);
        }
        assert_true(php_memory_used() > 0);
        php_break_references();
        assert_int_equal(php_memory_used(), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_strings, nothing_is_alive),
                cmocka_unit_test_teardown(test_append_grows_in_place, nothing_is_alive),
                cmocka_unit_test_teardown(test_references, nothing_is_alive),
                cmocka_unit_test_teardown(test_steal, nothing_is_alive),
                cmocka_unit_test_teardown(test_deep_nesting, nothing_is_alive),
                cmocka_unit_test_teardown(test_circles_are_broken, nothing_is_alive),
        };
        return cmocka_run_group_tests_name("php/value", tests, NULL, NULL);
}
