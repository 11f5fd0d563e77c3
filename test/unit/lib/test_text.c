/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/text.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define REPLACED "\xef\xbf\xbd"

static void test_valid(void **state)
{
        static const struct {
                const char *text;
                const char *expected;
        } cases[] = {
                {"", ""},
                {"plain", "plain"},
                {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
                {"\xf0\x9f\x90\x98", "\xf0\x9f\x90\x98"},
                {"latin \xfc", "latin " REPLACED},
                {"cut \xe2\x82", "cut " REPLACED REPLACED},
                {"overlong \xc0\xaf", "overlong " REPLACED REPLACED},
                {"surrogate \xed\xa0\x80", "surrogate " REPLACED REPLACED REPLACED},
                {"beyond \xf4\x90\x80\x80", "beyond " REPLACED REPLACED REPLACED REPLACED},
                {"\x01\x1b[31m", "\x01\x1b[31m"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *valid = text_valid(cases[i].text);
                assert_string_equal(valid, cases[i].expected);
        }
        assert_null(text_valid(NULL));
}

static void test_printable(void **state)
{
        static const struct {
                const char *text;
                bool keep_lines;
                const char *expected;
        } cases[] = {
                {"plain", false, "plain"},
                {"\x1b[2J\x07red", false, "?[2J?red"},
                {"a\nb\tc\rd", false, "a b c?d"},
                {"a\nb\tc\rd", true, "a\nb\tc?d"},
                {"csi \xc2\x9b"
                 "31m",
                        false, "csi ?31m"},
                {"delete \x7f", false, "delete ?"},
                {"\xe2\x80\xae"
                 "gpj.exe",
                        false, "?gpj.exe"},
                {"\xff", true, "?"},
                {"\xc3\xbc", false, "\xc3\xbc"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *printable = text_printable(cases[i].text, cases[i].keep_lines);
                assert_string_equal(printable, cases[i].expected);
        }
        assert_null(text_printable(NULL, true));
}

static void test_cut_keeps_characters_whole(void **state)
{
        char text[] = "\xc3\xbc\xc3\xbc"
                      "ab";
        assert_int_equal(text_columns(text), 4);
        text_cut(text, 4);
        assert_int_equal(text_columns(text), 4);
        text_cut(text, 1);
        assert_string_equal(text, "\xc3\xbc");
        text_cut(text, 0);
        assert_string_equal(text, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_printable),
                cmocka_unit_test(test_cut_keeps_characters_whole),
        };
        return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
