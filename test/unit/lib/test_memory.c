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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_copy_adds_nul),
                cmocka_unit_test(test_string_copy_of_null),
                cmocka_unit_test(test_buffer_grows),
                cmocka_unit_test(test_empty_buffer_steals_empty_text),
        };
        return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
