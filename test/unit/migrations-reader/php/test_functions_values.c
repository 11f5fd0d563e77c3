/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected results are those of PHP 8.2; what stops is told in words. */

#include "function_snippet.h"

static void test_numbers(void **state)
{
        static const struct snippet snippets[] = {
                {"return [abs(-5), abs('-1.5'), abs(PHP_INT_MIN), ceil(1.2), floor(-1.2), floor(5), sqrt(9), "
                 "pi()];",
                        "[0 => 5, 1 => float(1.5), 2 => float(9.2233720368547758e+18), 3 => float(2), 4 => "
                        "float(-2), 5 => float(5), 6 => float(3), 7 => float(3.1415926535897931)]"},
                {"return [round(2.5), round(-2.5), round(1.005, 2), round(1234.567, -2), round(5.055, 2), "
                 "round(1.955, 2), round(7)];",
                        "[0 => float(3), 1 => float(-3), 2 => float(1.01), 3 => float(1200), 4 => "
                        "float(5.0599999999999996), 5 => float(1.96), 6 => float(7)]"},
                {"return [intdiv(7, 2), intdiv(-7, 2), fmod(7.5, 2), pow(2, 10), pow(2, -1), pow('3', 2)];",
                        "[0 => 3, 1 => -3, 2 => float(1.5), 3 => 1024, 4 => float(0.5), 5 => 9]"},
                {"return intdiv(1, 0);", "throws DivisionByZeroError: Division by zero"},
                {"return intdiv(PHP_INT_MIN, -1);",
                        "throws ArithmeticError: Division of PHP_INT_MIN by -1 is not an integer"},
                {"return [dechex(255), dechex(-1), decbin(5), decoct(8), hexdec('FF'), bindec('101'), "
                 "octdec('17'), base_convert('ff', 16, 2)];",
                        "[0 => 'ff', 1 => 'ffffffffffffffff', 2 => '101', 3 => '10', 4 => 255, 5 => 5, 6 => "
                        "15, 7 => '11111111']"},
                {"return [is_nan(NAN), is_infinite(INF), is_finite(1.5)];",
                        "[0 => true, 1 => true, 2 => true]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_types(void **state)
{
        static const struct snippet snippets[] = {
                {"return [is_int(1), is_string('1'), is_array([]), is_null(null), is_bool(0), is_float(1.0), "
                 "is_object(new stdClass()), is_scalar(null)];",
                        "[0 => true, 1 => true, 2 => true, 3 => true, 4 => false, 5 => true, 6 => true, 7 => "
                        "false]"},
                {"return [is_numeric('1.5'), is_numeric('1e3'), is_numeric(' 1'), is_numeric('1x'), "
                 "is_numeric(''), is_numeric(null), is_numeric('.5')];",
                        "[0 => true, 1 => true, 2 => true, 3 => false, 4 => false, 5 => false, 6 => true]"},
                {"return [gettype(1), gettype(1.5), gettype('a'), gettype(true), gettype([]), gettype(null), "
                 "gettype(new stdClass())];",
                        "[0 => 'integer', 1 => 'double', 2 => 'string', 3 => 'boolean', 4 => 'array', 5 => "
                        "'NULL', 6 => 'object']"},
                {"return [intval('12abc'), intval(3.99), intval('0x1A'), intval('101', 2), intval('z', 36), "
                 "floatval('1.5abc'), strval(1.0), boolval('0')];",
                        "[0 => 12, 1 => 3, 2 => 0, 3 => 5, 4 => 35, 5 => float(1.5), 6 => '1', 7 => false]"},
                {"$a = '12abc'; settype($a, 'integer'); $b = 1; settype($b, 'string'); return [$a, $b];",
                        "[0 => 12, 1 => '1']"},
                {"return [is_iterable([]), is_iterable(new ArrayIterator([])), is_countable([]), "
                 "is_countable(new ArrayObject()), is_callable('strlen')];",
                        "[0 => true, 1 => true, 2 => true, 3 => true, 4 => true]"},
                {"return [get_debug_type(1), get_debug_type(null), get_debug_type([]), get_debug_type(new "
                 "ArrayObject()), @trigger_error('x', E_USER_DEPRECATED)];",
                        "[0 => 'int', 1 => 'null', 2 => 'array', 3 => 'ArrayObject', 4 => true]"},
                {"return [version_compare('5.7.9', '5.7.10'), version_compare('8.0.30', '5.7', '>='), "
                 "version_compare('10.11.6-MariaDB', '10.2', '<'), version_compare('1.0rc1', '1.0', 'lt'), "
                 "version_compare('1.0pl1', '1.0', 'gt')];",
                        "[0 => -1, 1 => true, 2 => false, 3 => true, 4 => true]"},
                {"return print_r(['a' => 1, 'b' => [true, null]], true);",
                        "'Array\\x0a(\\x0a    [a] => 1\\x0a    [b] => Array\\x0a        (\\x0a            "
                        "[0] => 1\\x0a            [1] => \\x0a        )\\x0a\\x0a)\\x0a'"},
                {"return [PHP_EOL, PHP_INT_MAX, E_ALL, SORT_STRING, ENT_QUOTES, M_PI, DIRECTORY_SEPARATOR, "
                 "JSON_PRETTY_PRINT];",
                        "[0 => '\\x0a', 1 => 9223372036854775807, 2 => 32767, 3 => 2, 4 => 3, 5 => "
                        "float(3.1415926535897931), 6 => '/', 7 => 128]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_digests(void **state)
{
        static const struct snippet snippets[] = {
                {"return [md5('a'), sha1('a'), crc32('hello'), hash('sha256', ''), hash('crc32b', 'hello'), "
                 "bin2hex(md5('a', true))];",
                        "[0 => '0cc175b9c0f1b6a831c399e269772661', 1 => "
                        "'86f7e437faa5a7fce15d1ddcb9eaeaea377667b8', 2 => 907060870, 3 => "
                        "'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 4 => "
                        "'3610a686', 5 => '0cc175b9c0f1b6a831c399e269772661']"},
                {"return [bin2hex('a\303\251'), hex2bin('6162'), base64_encode('abcd'), "
                 "base64_decode('YWJjZA=='), base64_decode('YWI')];",
                        "[0 => '61c3a9', 1 => 'ab', 2 => 'YWJjZA==', 3 => 'abcd', 4 => 'ab']"},
                {"return [htmlspecialchars('<a href=\"x\">\\'\303\251&amp;', ENT_QUOTES), "
                 "htmlspecialchars('\"<', ENT_NOQUOTES), "
                 "htmlspecialchars_decode('&lt;&quot;&amp;amp;&#039;', ENT_QUOTES)];",
                        "[0 => '&lt;a href=&quot;x&quot;&gt;&#039;\\xc3\\xa9&amp;amp;', 1 => '\"&lt;', 2 => "
                        "'<\"&amp;'']"},
                {"return [urlencode('a b&\303\251~'), rawurlencode('a b~'), urldecode('a+b%20%zz'), "
                 "rawurldecode('a+b%20')];",
                        "[0 => 'a+b%26%C3%A9%7E', 1 => 'a%20b~', 2 => 'a b %zz', 3 => 'a+b ']"},
                {"return [http_build_query(['a' => 1, 'b' => [1, 'x' => 'y z'], 'c' => null, 'd' => true]), "
                 "http_build_query([5], 'p_', ';', PHP_QUERY_RFC3986)];",
                        "[0 => 'a=1&b%5B0%5D=1&b%5Bx%5D=y+z&d=1', 1 => 'p_0=5']"},
                {"return parse_url('https://u:p@host.tld:8080/p/a?x=1#f');",
                        "['scheme' => 'https', 'host' => 'host.tld', 'port' => 8080, 'user' => 'u', 'pass' "
                        "=> 'p', 'path' => '/p/a', 'query' => 'x=1', 'fragment' => 'f']"},
                {"return [parse_url('https://host/p', PHP_URL_HOST), parse_url('/a?b=c', PHP_URL_QUERY), "
                 "parse_url('https://host', PHP_URL_PORT)];",
                        "[0 => 'host', 1 => 'b=c', 2 => null]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_texts(void **state)
{
        static const struct snippet snippets[] = {
                {"return [mb_strlen('h\303\251\303\251'), mb_substr('h\303\251llo', 1, 3), "
                 "mb_substr('h\303\251llo', -2), mb_strpos('a\303\251b', 'b'), "
                 "mb_strrpos('\303\251a\303\251a', '\303\251'), mb_strtoupper('abc')];",
                        "[0 => 3, 1 => '\\xc3\\xa9ll', 2 => 'lo', 3 => 2, 4 => 2, 5 => 'ABC']"},
                {"return [mb_substr_count('\303\251\303\251\303\251', '\303\251'), "
                 "mb_str_split('a\303\251'), mb_check_encoding(\"\\xff\", 'UTF-8'), "
                 "bin2hex(@utf8_encode(\"\\xe9\"))];",
                        "[0 => 3, 1 => [0 => 'a', 1 => '\\xc3\\xa9'], 2 => false, 3 => 'c3a9']"},
                {"return [ctype_digit('123'), ctype_digit(''), ctype_alpha('aB'), ctype_upper('AB1'), "
                 "ctype_space(\" \\n\"), ctype_xdigit('fF0'), ctype_punct('!?')];",
                        "[0 => true, 1 => false, 2 => true, 3 => false, 4 => true, 5 => true, 6 => true]"},
                {"return [dirname('/a/b/c'), dirname('/a/b/c', 2), dirname('a'), dirname('/'), "
                 "basename('/a/b.txt', '.txt'), basename('/a/b/')];",
                        "[0 => '/a/b', 1 => '/a', 2 => '.', 3 => '/', 4 => 'b', 5 => 'b']"},
                {"return [pathinfo('/a/b.tar.gz'), pathinfo('x', PATHINFO_EXTENSION), pathinfo('a/b.c', "
                 "PATHINFO_FILENAME)];",
                        "[0 => ['dirname' => '/a', 'basename' => 'b.tar.gz', 'extension' => 'gz', 'filename' "
                        "=> 'b.tar'], 1 => '', 2 => 'b']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_stops(void **state)
{
        static const struct snippet snippets[] = {
                {"return hexdec('xyz');", "stops: a text that is no number in base 16, or too large"},
                {"return base64_decode('a');", "stops: base64_decode() of what is not Base64"},
                {"return hex2bin('abc');", "stops: hex2bin() of an odd number of digits"},
                {"return htmlspecialchars(\"'\");",
                        "stops: quotes in HTML without flags, which PHP 8.1 treats differently"},
                {"return htmlspecialchars(\"\\xff\", ENT_QUOTES);",
                        "stops: htmlspecialchars() of text that is not UTF-8"},
                {"return hash('whirlpool', 'a');", "stops: hash() with the algorithm whirlpool"},
                {"return mb_strtoupper('\303\251');", "stops: upper and lower case beyond ASCII"},
                {"return mb_strlen(\"\\xff\");", "stops: text that is not UTF-8"},
                {"return mb_strlen('a', 'ISO-8859-1');", "stops: text in another encoding than UTF-8"},
                {"return parse_url('//host/path');", "stops: parse_url() of an unusual address"},
                {"return parse_url('http://host?');", "stops: parse_url() of an unusual address"},
                {"return random_int(5, 1);", "stops: a random number out of an invalid range, which PHP 7 "
                                             "and PHP 8 answer differently"},
                {"return abs(true);", "stops: a boolean where a number is wanted, which PHP 7 and PHP 8 "
                                      "answer differently"},
                {"return round(1.5, 0, PHP_ROUND_HALF_EVEN);",
                        "stops: round() in this mode or to so many places"},
                {"return print_r(new stdClass(), true);", "stops: print_r() of an object"},
                {"return phpversion();", "stops: function phpversion()"},
                {"return PHP_VERSION;", "stops: constant PHP_VERSION"},
                {"return glob('*');", "stops: function glob()"},
                {"return version_compare('1.', '1');", "stops: version_compare() of an unusual version"},
                {"trigger_error('x', E_USER_ERROR);", "stops: an error that is triggered"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_chance(void **state)
{
        static const struct snippet snippets[] = {
                {"$a = random_int(3, 5); return $a >= 3 && $a <= 5;", "true"},
                {"return [random_int(7, 7), strlen(random_bytes(8)), strlen(uniqid()), strlen(uniqid('p', "
                 "true)), mt_rand(0, 0)];",
                        "[0 => 7, 1 => 8, 2 => 13, 3 => 24, 4 => 0]"},
                {"return abs(time() - (int) microtime(true)) < 2;", "true"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers),
                cmocka_unit_test(test_types),
                cmocka_unit_test(test_digests),
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_stops),
                cmocka_unit_test(test_chance),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
