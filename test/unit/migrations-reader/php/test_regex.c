/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected results are those of PHP 8.2; what stops is told in words. */

#include "migrations-reader/php/regex.h"

#include "function_snippet.h"

static void test_matching(void **state)
{
        static const struct snippet snippets[] = {
                {"$r = preg_match('/(\\w)(\\d)?/', 'ab', $m); return [$r, $m];",
                        "[0 => 1, 1 => [0 => 'a', 1 => 'a']]"},
                {"$r = preg_match('/(?<k>\\w+)=(?<v>\\w+)/', 'x a=b', $m); return [$r, $m];",
                        "[0 => 1, 1 => [0 => 'a=b', 'k' => 'a', 1 => 'a', 'v' => 'b', 2 => 'b']]"},
                {"$r = preg_match('/(a)(x)?(b)/', 'zab', $m, PREG_OFFSET_CAPTURE); return [$r, $m];",
                        "[0 => 1, 1 => [0 => [0 => 'ab', 1 => 1], 1 => [0 => 'a', 1 => 1], 2 => [0 => '', 1 "
                        "=> -1], 3 => [0 => 'b', 1 => 2]]]"},
                {"return [preg_match('/^ABC$/i', \"abc\\n\"), preg_match('/^abc$/D', \"abc\\n\"), "
                 "preg_match('{^a.c$}s', \"a\\nc\"), preg_match('(b)', 'abc'), preg_match('/x/', 'abc', $m), "
                 "$m];",
                        "[0 => 1, 1 => 0, 2 => 1, 3 => 1, 4 => 0, 5 => []]"},
                {"return [preg_match('/^.$/', '\303\251'), preg_match('/^.$/u', '\303\251'), "
                 "preg_match('/\\bb/', 'abc b', $m, 0, 2)];",
                        "[0 => 0, 1 => 1, 2 => 1]"},
                {"$r = preg_match_all('/(\\d)(x)?/', '1x2', $m); return [$r, $m];",
                        "[0 => 2, 1 => [0 => [0 => '1x', 1 => '2'], 1 => [0 => '1', 1 => '2'], 2 => [0 => "
                        "'x', 1 => '']]]"},
                {"$r = preg_match_all('/(?<n>\\d)/', '12', $m, PREG_SET_ORDER); return [$r, $m];",
                        "[0 => 2, 1 => [0 => [0 => '1', 'n' => '1', 1 => '1'], 1 => [0 => '2', 'n' => '2', 1 "
                        "=> '2']]]"},
                {"return [preg_match_all('/a*/', 'baac'), preg_match_all('//u', '\303\251a'), "
                 "preg_match_all('/x/', 'abc')];",
                        "[0 => 4, 1 => 3, 2 => 0]"},
                {"return preg_grep('/^a/', ['x' => 'ab', 'y' => 'b', 'a']);", "['x' => 'ab', 0 => 'a']"},
                {"return preg_grep('/^a/', ['x' => 'ab', 'y' => 'b'], PREG_GREP_INVERT);", "['y' => 'b']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_replacing(void **state)
{
        static const struct snippet snippets[] = {
                {"$r = preg_replace('/(\\w+) (\\w+)/', '$2 ${1}x \\0', 'hello world', -1, $n); return [$r, "
                 "$n];",
                        "[0 => 'world hellox hello world', 1 => 1]"},
                {"return [preg_replace(['/a/', '/b/'], ['b', 'c'], 'ab'), preg_replace(['/a/', '/b/'], 'x', "
                 "['k' => 'ab']), preg_replace('/a/', 'x', 'aaa', 2)];",
                        "[0 => 'cc', 1 => ['k' => 'xx'], 2 => 'xxa']"},
                {"return [preg_replace('/x*/', '-', 'abc'), preg_replace('/a/', '\\\\\\\\$', 'a'), "
                 "preg_replace('/(a)/', '$11', 'a'), preg_replace('/a/', '$a', 'a')];",
                        "[0 => '-a-b-c-', 1 => '\\x5c$', 2 => '', 3 => '$a']"},
                {"return preg_replace_callback('/\\d+/', fn ($m) => $m[0] * 2, 'a1b22');", "'a2b44'"},
                {"return preg_replace_callback('/(a)(b)?/', fn ($m) => count($m), 'aab');", "'23'"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_splitting(void **state)
{
        static const struct snippet snippets[] = {
                {"return [preg_split('/[\\s,]+/', 'a, b  c'), preg_split('//', 'abc', -1, "
                 "PREG_SPLIT_NO_EMPTY), preg_split('/-/', 'a-b-c', 2)];",
                        "[0 => [0 => 'a', 1 => 'b', 2 => 'c'], 1 => [0 => 'a', 1 => 'b', 2 => 'c'], 2 => [0 "
                        "=> 'a', 1 => 'b-c']]"},
                {"return [preg_split('/(-)/', 'a-b', -1, PREG_SPLIT_DELIM_CAPTURE), preg_split('/ /', 'a b', "
                 "-1, PREG_SPLIT_OFFSET_CAPTURE), preg_split('//', '')];",
                        "[0 => [0 => 'a', 1 => '-', 2 => 'b'], 1 => [0 => [0 => 'a', 1 => 0], 1 => [0 => "
                        "'b', 1 => 2]], 2 => [0 => '', 1 => '']]"},
                {"return [preg_quote('a.b*c?[x]/', '/'), preg_quote('a#b', '#'), preg_last_error()];",
                        "[0 => 'a\\x5c.b\\x5c*c\\x5c?\\x5c[x\\x5c]\\x5c/', 1 => 'a\\x5c#b', 2 => 0]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_stops(void **state)
{
        static const struct snippet snippets[] = {
                {"return preg_match('abc', 'abc');", "stops: a regular expression without delimiters"},
                {"return preg_match('/abc', 'abc');", "stops: a regular expression without an end"},
                {"return preg_match('/(/', 'abc');",
                        "stops: a regular expression that is not valid (missing closing parenthesis)"},
                {"return preg_match('/a/q', 'abc');", "stops: a regular expression with the modifier q"},
                {"return preg_match('/a/u', \"\\xff\");",
                        "stops: a match that failed (UTF-8 error: illegal byte (0xfe or 0xff))"},
                {"return preg_match('/^(a+)+$/', str_repeat('a', 40) . 'b');",
                        "stops: a match that failed (match limit exceeded)"},
                {"return preg_match('/(a)(b)?/', 'a', $m, PREG_UNMATCHED_AS_NULL);",
                        "stops: groups without a match as null, which PHP 7 and PHP 8 answer differently"},
                {"return preg_quote('#');", "stops: preg_quote() of #, which PHP before 7.3 did not quote"},
                {"return preg_replace('/a/', ['b'], 'a');", "stops: preg_replace() of a pattern by an array"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_matching),
                cmocka_unit_test(test_replacing),
                cmocka_unit_test(test_splitting),
                cmocka_unit_test(test_stops),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
