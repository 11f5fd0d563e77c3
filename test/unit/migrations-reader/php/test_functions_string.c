/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected results are those of PHP 8.2; what stops is told in words. */

#include "function_snippet.h"

static void test_bytes(void **state)
{
        static const struct snippet snippets[] = {
                {"return [strlen(''), strlen(\"a\\0b\"), strlen('\303\251')];", "[0 => 0, 1 => 3, 2 => 2]"},
                {"return [strtoupper('a\303\251z'), strtolower('A\303\211Z'), ucfirst('abc'), "
                 "lcfirst('ABC'), ucfirst('')];",
                        "[0 => 'A\\xc3\\xa9Z', 1 => 'a\\xc3\\x89z', 2 => 'Abc', 3 => 'aBC', 4 => '']"},
                {"return [ucwords('hello big-world'), ucwords('a-b c', '-')];",
                        "[0 => 'Hello Big-world', 1 => 'A-B c']"},
                {"return [trim(\"  x \\n\\0\"), ltrim('xxa', 'x'), rtrim('1.500', '0'), trim('abcXcba', "
                 "'a..c'), chop(\"a\\t \")];",
                        "[0 => 'x', 1 => 'a', 2 => '1.5', 3 => 'X', 4 => 'a']"},
                {"return [str_pad('5', 3, '0', STR_PAD_LEFT), str_pad('x', 6, 'ab', STR_PAD_BOTH), "
                 "str_pad('long', 2)];",
                        "[0 => '005', 1 => 'abxaba', 2 => 'long']"},
                {"return [str_repeat('ab', 3), str_repeat('x', 0), strrev('abc')];",
                        "[0 => 'ababab', 1 => '', 2 => 'cba']"},
                {"return [str_split('abcde', 2), chunk_split('abcd', 2, '|')];",
                        "[0 => [0 => 'ab', 1 => 'cd', 2 => 'e'], 1 => 'ab|cd|']"},
                {"return nl2br(\"a\\r\\nb\\nc\\rd\");", "'a<br />\\x0d\\x0ab<br />\\x0ac<br />\\x0dd'"},
                {"return [addslashes(\"O'R\\\"e\\\\\\0\"), stripslashes('O\\\\\\'R\\\\\\\\x\\\\0')];",
                        "[0 => 'O\\x5c'R\\x5c\"e\\x5c\\x5c\\x5c0', 1 => 'O'R\\x5cx\\x00']"},
                {"return [ord('a'), ord(''), chr(65), chr(-191), chr(321)];",
                        "[0 => 97, 1 => 0, 2 => 'A', 3 => 'A', 4 => 'A']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_search(void **state)
{
        static const struct snippet snippets[] = {
                {"return [strpos('abcabc', 'c'), strpos('abcabc', 'c', 3), strpos('abcabc', 'c', -3), "
                 "strpos('abc', 'x')];",
                        "[0 => 2, 1 => 5, 2 => 5, 3 => false]"},
                {"return [stripos('ABC', 'b'), strrpos('abcabc', 'b'), strrpos('abcabc', 'b', -3), "
                 "strripos('ABCABC', 'b')];",
                        "[0 => 1, 1 => 4, 2 => 1, 3 => 4]"},
                {"return [strstr('user@host', '@'), strstr('user@host', '@', true), stristr('HAYSTACK', "
                 "'st'), strrchr('a/b/c', '/')];",
                        "[0 => '@host', 1 => 'user', 2 => 'STACK', 3 => '/c']"},
                {"return [str_contains('abc', ''), str_contains('abc', 'bc'), str_starts_with('abc', 'ab'), "
                 "str_ends_with('abc', 'ab')];",
                        "[0 => true, 1 => true, 2 => true, 3 => false]"},
                {"return [substr('abcdef', 1, 3), substr('abcdef', -2), substr('abcdef', 0, -1), "
                 "substr('abc', 3)];",
                        "[0 => 'bcd', 1 => 'ef', 2 => 'abcde', 3 => '']"},
                {"return [substr_count('aaa', 'aa'), substr_count('hello hello', 'll', 3), "
                 "substr_count('abab', 'ab', -2)];",
                        "[0 => 1, 1 => 1, 2 => 1]"},
                {"return [substr_replace('Hello', 'J', 0, 1), substr_replace('abc', 'X', -1, 0), "
                 "substr_replace('abc', 'Z', 1)];",
                        "[0 => 'Jello', 1 => 'abXc', 2 => 'aZ']"},
                {"return [strcmp('a', 'a'), strcasecmp('HELLO', 'hello'), strncmp('abcd', 'abxy', 2), "
                 "strncasecmp('ABx', 'aby', 2)];",
                        "[0 => 0, 1 => 0, 2 => 0, 3 => 0]"},
                {"return [strnatcmp('img12', 'img10'), strnatcmp('img2', 'img10'), strnatcasecmp('IMG1', "
                 "'img1'), strnatcmp('a01', 'a1')];",
                        "[0 => 1, 1 => -1, 2 => 0, 3 => -1]"},
                {"return [explode(',', 'a,b,,c'), explode(',', 'a,b,c', 2), explode(',', 'a,b,c', -1), "
                 "explode(',', '', -1)];",
                        "[0 => [0 => 'a', 1 => 'b', 2 => '', 3 => 'c'], 1 => [0 => 'a', 1 => 'b,c'], 2 => [0 "
                        "=> 'a', 1 => 'b'], 3 => []]"},
                {"return [implode(',', [1, null, 2.5, true, false, 'x']), implode(['a', 'b']), join('-', "
                 "[])];",
                        "[0 => '1,,2.5,1,,x', 1 => 'ab', 2 => '']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_replace(void **state)
{
        static const struct snippet snippets[] = {
                {"$r = str_replace('a', 'b', 'banana', $n); return [$r, $n];", "[0 => 'bbnbnb', 1 => 3]"},
                {"return str_replace(['a', 'b'], ['b', 'c'], 'ab');", "'cc'"},
                {"return str_replace(['a', 'b', ''], ['1'], 'abc');", "'1c'"},
                {"return str_replace('x', 'y', ['k' => 'xx', 5 => 'z', 'n' => null]);",
                        "['k' => 'yy', 5 => 'z', 'n' => '']"},
                {"$r = str_ireplace('HELLO', 'Bye', 'hello Hello', $n); return [$r, $n];",
                        "[0 => 'Bye Bye', 1 => 2]"},
                {"return [strtr('Hello', 'el', 'ip'), strtr('Hi all', ['Hi' => 'Hello', 'Hello' => 'Hi', 'a' "
                 "=> 'x']), strtr('a1', [1 => 'one'])];",
                        "[0 => 'Hippo', 1 => 'Hello xll', 2 => 'aone']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_format(void **state)
{
        static const struct snippet snippets[] = {
                {"return [sprintf('%s', 'x'), sprintf('%5d|%-5d|%05d', 42, 42, -42), sprintf('%+d %+d', 3, "
                 "-3)];",
                        "[0 => 'x', 1 => '   42|42   |-0042', 2 => '+3 -3']"},
                {"return [sprintf('%x %X %o %b %c', 255, 255, 8, 5, 65), sprintf('%u', -1)];",
                        "[0 => 'ff FF 10 101 A', 1 => '18446744073709551615']"},
                {"return [sprintf('%.2f', 1.005), sprintf('%08.3f|%-8.2f|', 3.14159, 2.5), sprintf('%f', "
                 "-0.0)];",
                        "[0 => '1.00', 1 => '0003.142|2.50    |', 2 => '0.000000']"},
                {"return [sprintf('%e', 1234.5), sprintf('%.2e', 0), sprintf('%E', 0.00012), sprintf('%g %g "
                 "%G', 0.00001234, 123456, 1e20)];",
                        "[0 => '1.234500e+3', 1 => '0.00e+0', 2 => '1.200000E-4', 3 => '1.234e-5 123456 "
                        "1.0E+20']"},
                {"return [sprintf(\"%'*10s|%-10s|\", 'a', 'b'), sprintf('%.2s', 'abc'), sprintf('%2$s-%1$s', "
                 "'a', 'b'), sprintf('100%%')];",
                        "[0 => '*********a|b         |', 1 => 'ab', 2 => 'b-a', 3 => '100%']"},
                {"return [sprintf('%d', '12abc'), sprintf('%d', 3.99), sprintf('%s', 1.0), sprintf('%s', "
                 "true), sprintf('%5.1f', '2.25')];",
                        "[0 => '12', 1 => '3', 2 => '1', 3 => '1', 4 => '  2.2']"},
                {"return vsprintf('%04d-%02d', ['y' => 2020, 'm' => 5]);", "'2020-05'"},
                {"return [number_format(1234567.891), number_format(1234567.891, 2), number_format(0.5), "
                 "number_format(-1234.567, 2, ',', '.')];",
                        "[0 => '1,234,568', 1 => '1,234,567.89', 2 => '1', 3 => '-1.234,57']"},
                {"return [number_format(1234.5, 2, '', ''), number_format(999.995, 2), number_format(0, 2), "
                 "number_format('12', 1)];",
                        "[0 => '123450', 1 => '1,000.00', 2 => '0.00', 3 => '12.0']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_stops(void **state)
{
        static const struct snippet snippets[] = {
                {"return strpos('abc', '');",
                        "stops: looking for an empty string, which PHP 7 and PHP 8 answer differently"},
                {"return strpos('abc', 5);",
                        "stops: looking for a integer in a string, which PHP 7 and PHP 8 answer differently"},
                {"return substr('abc', 5);", "stops: substr() beyond the end of the string, which PHP 7 and "
                                             "PHP 8 answer differently"},
                {"return substr('abc', 1, null);",
                        "stops: substr() with the length null, which PHP 7 and PHP 8 answer differently"},
                {"return explode('', 'abc');",
                        "stops: explode() with an empty separator, which PHP 7 and PHP 8 answer differently"},
                {"return implode(['a'], ',');",
                        "stops: implode() with the array first, which PHP 7 and PHP 8 answer differently"},
                {"return sprintf('%s %s', 'a');",
                        "stops: sprintf() with too few arguments, which PHP 7 and PHP 8 answer differently"},
                {"return sprintf('%y', 1);", "stops: sprintf() with a format that is not valid, which PHP 7 "
                                             "and PHP 8 answer differently"},
                {"return sprintf('%*d', 5, 1);", "stops: sprintf() with a format that is not valid, which "
                                                 "PHP 7 and PHP 8 answer differently"},
                {"return vsprintf('%s', 'x');",
                        "stops: vsprintf() without an array, which PHP 7 and PHP 8 answer differently"},
                {"return str_repeat('x', -1);", "stops: str_repeat() with a negative number, which PHP 7 and "
                                                "PHP 8 answer differently"},
                {"return str_repeat('x', 100000000000);", "stops: a string repeated 100000000000 times"},
                {"return str_pad('x', 5, '');",
                        "stops: str_pad() with an invalid padding, which PHP 7 and PHP 8 answer differently"},
                {"return str_split('');",
                        "stops: str_split() of an empty string, which PHP 7 and PHP 8 answer differently"},
                {"return trim('x', 'z..a');", "stops: a list of characters with an invalid range"},
                {"return strtr('abc', ['' => 'x']);",
                        "stops: strtr() of an empty string, which PHP 7 and PHP 8 answer differently"},
                {"return str_replace('a', ['b'], 'c');", "stops: str_replace() of a string by an array, "
                                                         "which PHP 7 and PHP 8 answer differently"},
                {"return number_format(-0.01);", "stops: number_format() of a negative number near zero, "
                                                 "which PHP 7 and PHP 8 answer differently"},
                {"return number_format(1.5, -1);", "stops: number_format() with these arguments, which PHP 7 "
                                                   "and PHP 8 answer differently"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bytes),
                cmocka_unit_test(test_search),
                cmocka_unit_test(test_replace),
                cmocka_unit_test(test_format),
                cmocka_unit_test(test_stops),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
