/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/command_line.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_words(void **state)
{
        static const struct {
                const char *line, *words; /* each in brackets */
        } cases[] = {
                {"", ""},
                {" \t ", ""},
                {"/bin/notify", "[/bin/notify]"},
                {"  /bin/notify \t --to  me ", "[/bin/notify][--to][me]"},
                {"a 'b c' \"d e\"", "[a][b c][d e]"},
                {"--name='a \"b\"'", "[--name=a \"b\"]"},
                {"it\"'\"s", "[it's]"},
                {"'' \"\"", "[][]"},
                {"a''b", "[ab]"},
                {"'a'\"b\"c", "[abc]"},
                /* Nothing else means anything. */
                {"a\\ b $HOME * ~ `x` $(y) ; | > &", "[a\\][b][$HOME][*][~][`x`][$(y)][;][|][>][&]"},
                {"'$HOME \\'", "[$HOME \\]"},
                {"\xff\xc3", "[\xff\xc3]"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_string_list_ struct string_list words = {0};
                _cleanup_buffer_ struct buffer seen = {0};
                assert_int_equal(command_line_split(cases[i].line, &words, &err), 0);
                buffer_append_string(&seen, "");
                for (size_t k = 0; k < words.count; k++)
                        buffer_append_format(&seen, "[%s]", words.items[k]);
                assert_string_equal(seen.data ? seen.data : "", cases[i].words);
        }
}

static void test_quotes_that_are_not_closed(void **state)
{
        static const char *const lines[] = {"'", "a \"b", "a 'b\" c", "a b' c", "'a' \""};
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                _cleanup_error_ struct error err = {0};
                struct string_list words = {.count = 7};
                assert_int_equal(command_line_split(lines[i], &words, &err), -1);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
                assert_int_equal(words.count, 7);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_quotes_that_are_not_closed),
        };
        return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
