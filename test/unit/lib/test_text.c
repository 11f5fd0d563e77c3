/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/text.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>
#include <string.h>

#define REPLACED "\xef\xbf\xbd"

static void test_append_character(void **state)
{
        static const struct {
                unsigned code_point;
                const char *bytes;
        } cases[] = {
                {0x01, "\x01"},
                {0x7f, "\x7f"},
                {0x80, "\xc2\x80"},
                {0x7ff, "\xdf\xbf"},
                {0x800, "\xe0\xa0\x80"},
                {0xd800, "\xed\xa0\x80"},
                {0xffff, "\xef\xbf\xbf"},
                {0x10000, "\xf0\x90\x80\x80"},
                {0x10ffff, "\xf4\x8f\xbf\xbf"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_buffer_ struct buffer out = {0};
                text_append_character(&out, cases[i].code_point);
                assert_string_equal(out.data, cases[i].bytes);
        }
}

static void test_hex_digit(void **state)
{
        static const char digits[] = "0123456789abcdef", none[] = "/:@G`g \xb0";
        for (int i = 0; i < 16; i++)
                assert_int_equal(text_hex_digit(digits[i]), i);
        assert_int_equal(text_hex_digit('A'), 10);
        assert_int_equal(text_hex_digit('F'), 15);
        for (size_t i = 0; i < sizeof none; i++)
                assert_int_equal(text_hex_digit(none[i]), -1);
}

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
        size_t size = 0;
        _cleanup_free_ char *with_nul = text_valid_bytes("a\0b\xff", 4, &size);
        assert_int_equal(size, 6);
        assert_memory_equal(with_nul, "a\0b" REPLACED, 6);
}

static void test_json(void **state)
{
        json_t *valid = text_json("a\xff");
        json_t *none = text_json(NULL);
        assert_string_equal(json_string_value(valid), "a\xef\xbf\xbd");
        assert_true(json_is_null(none));
        json_decref(valid);
        json_decref(none);
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

static void test_clean_output(void **state)
{
        static const struct {
                const char *text, *clean;
        } cases[] = {
                {"", ""},
                {"plain", "plain"},
                {"  in front and behind \n", "in front and behind"},
                {"two\r\n\r\n   lines\tand a tab", "two lines and a tab"},
                {"\033[37;41mred\033[39;49m", "red"},
                {"\033]0;title\abehind", "behind"},
                {"\033]0;title\033\\behind", "behind"},
                {"\033Pdevice\033\\behind", "behind"},
                {"\033(Bcharset", "charset"},
                {"\033", ""},
                {"cut \033[", "cut"},
                {"cut \033]0;never ended", "cut"},
                {"bell\a and delete\x7f.", "bell and delete ."},
                {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"},
                {"latin \xe4", "latin ?"},
                {"half \xe2\x82", "half ??"},
                {"overlong \xc0\xaf", "overlong ??"},
                {"surrogate \xed\xa0\x80", "surrogate ???"},
                {"C1 \xc2\x9b", "C1 ?"},
                {"too high \xf4\x90\x80\x80", "too high ????"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_buffer_ struct buffer buffer = {0};
                text_append_clean(&buffer, cases[i].text);
                assert_string_equal(buffer.data ? buffer.data : "", cases[i].clean);
        }
}

static void test_tail_of_text(void **state)
{
        static const struct {
                const char *text;
                size_t limit;
                const char *tail;
        } cases[] = {
                {"", 8, ""},
                {"12345678", 8, "12345678"},
                {"123456789", 8,
                        "\xe2\x80\xa6"
                        "56789"},
                {"1234567\xc3\xa4x", 8,
                        "\xe2\x80\xa6"
                        "67\xc3\xa4x"},
                {"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", 8, "\xe2\x80\xa6\xc3\xa4\xc3\xa4"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *tail = text_tail(cases[i].text, cases[i].limit);
                assert_string_equal(tail, cases[i].tail);
                assert_true(strlen(tail) <= cases[i].limit);
        }
}

static void test_shell_word(void **state)
{
        static const char *const cases[][2] = {
                {"/srv/a-b_c.d", "/srv/a-b_c.d"},
                {"", "''"},
                {"a b", "'a b'"},
                {"it's $x", "'it'\\''s $x'"},
                {"ünï", "'ünï'"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *word = text_shell_word(cases[i][0]);
                assert_string_equal(word, cases[i][1]);
        }
}

static void test_wrap(void **state)
{
        static const struct {
                const char *text;
                const char *margin;
                const char *lines;
        } cases[] = {
                {"", "# ", "# "},
                {"one two", "", "one two"},
                {"one two three", "", "one two\nthree"},
                {"1234567 9 12", "# ", "# 1234567\n# 9 12"},
                {"  one   two  ", "", "one two"},
                {"a longer-than-a-line b", "", "a\nlonger-than-a-line\nb"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *lines = text_wrap(cases[i].text, 8, cases[i].margin);
                assert_string_equal(lines, cases[i].lines);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_append_character),
                cmocka_unit_test(test_hex_digit),
                cmocka_unit_test(test_valid),
                cmocka_unit_test(test_json),
                cmocka_unit_test(test_printable),
                cmocka_unit_test(test_cut_keeps_characters_whole),
                cmocka_unit_test(test_clean_output),
                cmocka_unit_test(test_tail_of_text),
                cmocka_unit_test(test_shell_word),
                cmocka_unit_test(test_wrap),
        };
        return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
