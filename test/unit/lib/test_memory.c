/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static void test_copy_adds_nul(void **state)
{
        _cleanup_free_ char *copy = memory_copy("a\0b", 3);
        assert_memory_equal(copy, "a\0b\0", 4);
}

static void test_string_copy_of_null(void **state)
{
        assert_null(string_copy(NULL));
}

static void test_buffer_grows(void **state)
{
        _cleanup_buffer_ struct buffer buffer = {0};
        for (int i = 0; i < 1000; i++)
                buffer_append_format(&buffer, "%d,", i % 10);
        assert_int_equal(buffer.size, 2000);
        assert_int_equal(strlen(buffer.data), 2000);
        assert_string_equal(buffer.data + 1996, "8,9,");
}

static void test_empty_buffer_steals_empty_text(void **state)
{
        struct buffer buffer = {0};
        _cleanup_free_ char *text = buffer_steal(&buffer);
        assert_string_equal(text, "");
}

static void test_list_grows_by_one(void **state)
{
        _cleanup_free_ int *numbers = NULL;
        for (int i = 0; i < 1000; i++) {
                numbers = memory_grow(numbers, (size_t)i, sizeof(*numbers));
                numbers[i] = i;
        }
        for (int i = 0; i < 1000; i++)
                assert_int_equal(numbers[i], i);
}

static void test_vector_of_strings(void **state)
{
        _cleanup_strings_ char **none = NULL;
        _cleanup_strings_ char **strings = memory_new_array(3, sizeof(*strings));
        strings[0] = string_copy("one");
        strings[1] = string_copy("two");
        assert_null(none);
        assert_null(strings[2]);
}

static void test_hex(void **state)
{
        static const unsigned char bytes[] = {0x00, 0x0f, 0xa0, 0xff};
        _cleanup_buffer_ struct buffer hex = {0};
        buffer_append_hex(&hex, bytes, sizeof(bytes));
        assert_string_equal(hex.data, "000fa0ff");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_copy_adds_nul),
                cmocka_unit_test(test_string_copy_of_null),
                cmocka_unit_test(test_buffer_grows),
                cmocka_unit_test(test_empty_buffer_steals_empty_text),
                cmocka_unit_test(test_list_grows_by_one),
                cmocka_unit_test(test_vector_of_strings),
                cmocka_unit_test(test_hex),
        };
        return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
