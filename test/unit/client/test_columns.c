/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/columns.h"
#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

static void test_widths(void **state)
{
        static const struct {
                const char *text;
                size_t columns;
        } cases[] = {
                {"", 0}, {"abc", 3}, {"ä", 1}, {"e\xcc\x81", 1}, /* e and its accent */
                {"日本", 4}, {"🙂", 2},
                {"a\xff"
                 "b",
                        3}, /* no UTF-8 */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                assert_int_equal(columns_of(cases[i].text), cases[i].columns);
}

static void test_cut(void **state)
{
        static const struct {
                const char *text;
                size_t columns;
                const char *expected;
        } cases[] = {
                {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"abc", 0, ""},
                {"日本", 3, "日"}, /* never half of one */
                {"日本", 1, ""}, {"e\xcc\x81te", 1, "e\xcc\x81"}, /* the accent stays with its letter */
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = string_copy(cases[i].text);
                columns_cut(text, cases[i].columns);
                assert_string_equal(text, cases[i].expected);
        }
}

static void test_wrap(void **state)
{
        static const struct {
                const char *text;
                size_t columns;
                const char *expected; /* the lines, '|' between them */
        } cases[] = {
                {"", 5, ""},
                {"one two three", 20, "one two three"},
                {"one two three", 7, "one two|three"},
                {"one  two", 4, "one|two"},
                {"abcdefgh", 3, "abc|def|gh"},
                {"日本語", 3, "日|本|語"},
                {"日本", 1, "日|本"}, /* wider than the line */
                {"one\ntwo\n", 9, "one|two|"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_string_list_ struct string_list lines = {0};
                _cleanup_buffer_ struct buffer joined = {0};
                buffer_append_string(&joined, "");
                columns_wrap(cases[i].text, cases[i].columns, &lines);
                for (size_t k = 0; k < lines.count; k++)
                        buffer_append_format(&joined, "%s%s", k > 0 ? "|" : "", lines.items[k]);
                assert_string_equal(joined.data, cases[i].expected);
        }
}

static void test_ascii(void **state)
{
        _cleanup_free_ char *text = string_copy("a → 日 ü.");
        columns_to_ascii(text);
        assert_string_equal(text, "a ? ? ?.");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_widths),
                cmocka_unit_test(test_cut),
                cmocka_unit_test(test_wrap),
                cmocka_unit_test(test_ascii),
        };
        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                return 77;
        return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
