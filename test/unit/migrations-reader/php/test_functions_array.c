/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected results are those of PHP 8.2; what stops is told in words. */

#include "function_snippet.h"

static void test_elements(void **state)
{
        static const struct snippet snippets[] = {
                {"return [count([1, [2, 3]]), count([1, [2, 3]], COUNT_RECURSIVE), sizeof([])];",
                        "[0 => 2, 1 => 4, 2 => 0]"},
                {"return [in_array('1', [1, 2]), in_array('1', [1, 2], true), array_search('b', ['x' => 'a', "
                 "'y' => 'b']), array_search('z', ['a'])];",
                        "[0 => true, 1 => false, 2 => 'y', 3 => false]"},
                {"return [array_keys(['a' => 1, 'b' => 2, 'c' => 1], 1), array_values(['x' => 1, 5 => 2]), "
                 "array_keys([])];",
                        "[0 => [0 => 'a', 1 => 'c'], 1 => [0 => 1, 1 => 2], 2 => []]"},
                {"return [array_key_exists('a', ['a' => null]), array_key_exists(1, [0, 1]), "
                 "array_key_exists('1', [0, 1]), key_exists(null, ['' => 1])];",
                        "[0 => true, 1 => true, 2 => true, 3 => true]"},
                {"return [array_key_first(['x' => 1, 'y' => 2]), array_key_last(['x' => 1, 'y' => 2]), "
                 "array_key_first([])];",
                        "[0 => 'x', 1 => 'y', 2 => null]"},
                {"return [array_is_list([1, 2]), array_is_list([1 => 1]), array_sum([1, '2', 3.5]), "
                 "array_product(['2', 3]), array_sum([])];",
                        "[0 => true, 1 => false, 2 => float(6.5), 3 => 6, 4 => 0]"},
                {"$a = [1, 2]; $n = array_push($a, 'x', 'y'); $p = array_pop($a); $a[] = 'z'; return [$n, "
                 "$p, $a];",
                        "[0 => 4, 1 => 'y', 2 => [0 => 1, 1 => 2, 2 => 'x', 3 => 'z']]"},
                {"$a = ['k' => 1, 5 => 2]; $s = array_shift($a); $n = array_unshift($a, 'p', 'q'); return "
                 "[$s, $n, $a];",
                        "[0 => 1, 1 => 3, 2 => [0 => 'p', 1 => 'q', 2 => 2]]"},
                {"$a = [5 => 'a', 9 => 'b']; unset($a[9]); array_pop($a); $a[] = 'c'; return $a;",
                        "[10 => 'c']"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_pointer(void **state)
{
        static const struct snippet snippets[] = {
                {"$a = ['x' => 1, 'y' => 2, 'z' => 3]; return [reset($a), key($a), next($a), key($a), "
                 "end($a), key($a), next($a), key($a), current($a)];",
                        "[0 => 1, 1 => 'x', 2 => 2, 3 => 'y', 4 => 3, 5 => 'z', 6 => false, 7 => null, 8 => "
                        "false]"},
                {"$a = [1, 2, 3]; end($a); $b = $a; return [prev($a), prev($a), prev($a), current($b), "
                 "key($b)];",
                        "[0 => 2, 1 => 1, 2 => false, 3 => 3, 4 => 2]"},
                {"$a = [1, 2, 3]; next($a); unset($a[1]); return [current($a), reset($a)];",
                        "[0 => 3, 1 => 1]"},
                {"$a = []; return [reset($a), end($a), current($a), key($a), next($a)];",
                        "[0 => false, 1 => false, 2 => false, 3 => null, 4 => false]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_building(void **state)
{
        static const struct snippet snippets[] = {
                {"return array_merge(['a' => 1, 5 => 'x'], ['a' => 2, 5 => 'y']);",
                        "['a' => 2, 0 => 'x', 1 => 'y']"},
                {"return array_merge_recursive(['a' => 1, 'b' => ['x' => 1]], ['a' => 2, 'b' => ['x' => 2, "
                 "'y' => 3]], ['b' => 'z']);",
                        "['a' => [0 => 1, 1 => 2], 'b' => ['x' => [0 => 1, 1 => 2], 'y' => 3, 0 => 'z']]"},
                {"return [array_replace([1, 2, 3], [1 => 'b'], [3 => 'd']), array_replace_recursive(['a' => "
                 "['x' => 1, 'y' => 2]], ['a' => ['y' => 3]])];",
                        "[0 => [0 => 1, 1 => 'b', 2 => 3, 3 => 'd'], 1 => ['a' => ['x' => 1, 'y' => 3]]]"},
                {"return [array_combine(['a', 'b', 5], [1, 2, 3]), array_fill(5, 2, 'x'), "
                 "array_fill_keys(['a', 5, '7'], 0), array_flip(['a', 'b', 1])];",
                        "[0 => ['a' => 1, 'b' => 2, 5 => 3], 1 => [5 => 'x', 6 => 'x'], 2 => ['a' => 0, 5 => "
                        "0, 7 => 0], 3 => ['a' => 0, 'b' => 1, 1 => 2]]"},
                {"return [array_pad([1], 3, 0), array_pad([1], -3, 0), array_pad([1, 2], 1, 0)];",
                        "[0 => [0 => 1, 1 => 0, 2 => 0], 1 => [0 => 0, 1 => 0, 2 => 1], 2 => [0 => 1, 1 => "
                        "2]]"},
                {"return [array_slice([1, 2, 3, 4], 1, 2), array_slice(['a' => 1, 5 => 2, 6 => 3], 1), "
                 "array_slice([1, 2, 3], -2, 1, true)];",
                        "[0 => [0 => 2, 1 => 3], 1 => [0 => 2, 1 => 3], 2 => [1 => 2]]"},
                {"$a = [1, 2, 'k' => 3, 4]; $r = array_splice($a, 1, 2, ['x', 'y']); return [$r, $a];",
                        "[0 => [0 => 2, 'k' => 3], 1 => [0 => 1, 1 => 'x', 2 => 'y', 3 => 4]]"},
                {"$a = ['a', 'b', 'c']; $r = array_splice($a, -1); return [$r, $a, array_splice($a, 1, 0, "
                 "'n'), $a];",
                        "[0 => [0 => 'c'], 1 => [0 => 'a', 1 => 'b'], 2 => [], 3 => [0 => 'a', 1 => 'n', 2 "
                        "=> 'b']]"},
                {"return [array_chunk([1, 2, 3], 2), array_chunk(['a' => 1, 'b' => 2], 1, true), "
                 "array_reverse(['a' => 1, 2, 3]), array_reverse([1, 2], true)];",
                        "[0 => [0 => [0 => 1, 1 => 2], 1 => [0 => 3]], 1 => [0 => ['a' => 1], 1 => ['b' => "
                        "2]], 2 => [0 => 3, 1 => 2, 'a' => 1], 3 => [1 => 2, 0 => 1]]"},
                {"return [array_column([['id' => 3, 'n' => 'a'], ['id' => 4]], 'n', 'id'), "
                 "array_column([['id' => 3, 'n' => 'a'], ['id' => 4]], null, 'id')];",
                        "[0 => [3 => 'a'], 1 => [3 => ['id' => 3, 'n' => 'a'], 4 => ['id' => 4]]]"},
                {"return [range(1, 3), range(5, 1, 2), range('a', 'c'), range('3', '1'), range(0, 0)];",
                        "[0 => [0 => 1, 1 => 2, 2 => 3], 1 => [0 => 5, 1 => 3, 2 => 1], 2 => [0 => 'a', 1 => "
                        "'b', 2 => 'c'], 3 => [0 => 3, 1 => 2, 2 => 1], 4 => [0 => 0]]"},
                {"return [array_count_values(['a', 'b', 'a', 1, '1']), array_change_key_case(['Ab' => 1, 5 "
                 "=> 2], CASE_UPPER)];",
                        "[0 => ['a' => 2, 'b' => 1, 1 => 2], 1 => ['AB' => 1, 5 => 2]]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_calling(void **state)
{
        static const struct snippet snippets[] = {
                {"return [array_map(fn ($x) => $x * 2, ['a' => 1, 'b' => 2]), array_map(null, [1, 2], "
                 "['a']), array_map('strtoupper', ['x'])];",
                        "[0 => ['a' => 2, 'b' => 4], 1 => [0 => [0 => 1, 1 => 'a'], 1 => [0 => 2, 1 => "
                        "null]], 2 => [0 => 'X']]"},
                {"return [array_map(fn ($x, $y) => $x . $y, ['k' => 1, 'l' => 2], [3]), array_map(null, ['k' "
                 "=> 1])];",
                        "[0 => [0 => '13', 1 => '2'], 1 => ['k' => 1]]"},
                {"return [array_filter([0, 1, '', 'a', null, []]), array_filter(['a' => 1, 'b' => 2], fn "
                 "($k) => $k === 'b', ARRAY_FILTER_USE_KEY)];",
                        "[0 => [1 => 1, 3 => 'a'], 1 => ['b' => 2]]"},
                {"return [array_filter(['a' => 1, 'b' => 2], fn ($v, $k) => $v > 1 && $k === 'b', "
                 "ARRAY_FILTER_USE_BOTH), array_reduce([1, 2, 3], fn ($c, $x) => $c + $x, 10)];",
                        "[0 => ['b' => 2], 1 => 16]"},
                {"$a = ['x' => 1, 'y' => 2]; array_walk($a, function (&$v, $k, $p) { $v = \"$p$k$v\"; }, "
                 "'#'); $b = $a; $b['x'] = 0; return [$a, $b];",
                        "[0 => ['x' => '#x1', 'y' => '#y2'], 1 => ['x' => 0, 'y' => '#y2']]"},
                {"$a = [1, [2, [3]]]; array_walk_recursive($a, function (&$v) { $v *= 10; }); return $a;",
                        "[0 => 10, 1 => [0 => 20, 1 => [0 => 30]]]"},
                {"return [call_user_func('max', 1, 3), call_user_func_array('sprintf', ['%s-%s', 'a', 'b']), "
                 "iterator_to_array(new ArrayIterator(['a' => 1]))];",
                        "[0 => 3, 1 => 'a-b', 2 => ['a' => 1]]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_comparing(void **state)
{
        static const struct snippet snippets[] = {
                {"return [array_diff(['a' => 'x', 'b' => 'y', 5], ['y', '5']), array_diff_key(['a' => 1, 'b' "
                 "=> 2], ['a' => 9]), array_diff_assoc(['a' => 1, 'b' => 2], ['a' => '1', 'b' => 3])];",
                        "[0 => ['a' => 'x'], 1 => ['b' => 2], 2 => ['b' => 2]]"},
                {"return [array_intersect(['a' => 'x', 'y'], ['y', 'x']), array_intersect_key(['a' => 1, 'b' "
                 "=> 2, 'c' => 3], ['a' => 0, 'c' => 0]), array_intersect_assoc([1, 2], ['1', 3])];",
                        "[0 => ['a' => 'x', 0 => 'y'], 1 => ['a' => 1, 'c' => 3], 2 => [0 => 1]]"},
                {"return [array_udiff([1, 5, 3], [3], fn ($a, $b) => $a <=> $b), array_uintersect(['A', "
                 "'b'], ['a'], 'strcasecmp'), array_diff_ukey(['A' => 1, 'b' => 2], ['a' => 0], "
                 "'strcasecmp')];",
                        "[0 => [0 => 1, 1 => 5], 1 => [0 => 'A'], 2 => ['b' => 2]]"},
                {"return [array_unique([1, '1', 2, 2.0, 'a', 'A']), array_unique([4, '4', '3', 4, 3], "
                 "SORT_REGULAR), array_unique([[1], [2], [1]], SORT_REGULAR)];",
                        "[0 => [0 => 1, 2 => 2, 4 => 'a', 5 => 'A'], 1 => [0 => 4, 2 => '3'], 2 => [0 => [0 "
                        "=> 1], 1 => [0 => 2]]]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_sorting(void **state)
{
        static const struct snippet snippets[] = {
                {"$a = [3, 1, 2]; sort($a); $b = ['b' => 2, 'a' => 2, 'c' => 1]; asort($b); $c = $b; "
                 "arsort($c); return [$a, $b, $c];",
                        "[0 => [0 => 1, 1 => 2, 2 => 3], 1 => ['c' => 1, 'b' => 2, 'a' => 2], 2 => ['b' => "
                        "2, 'a' => 2, 'c' => 1]]"},
                {"$a = ['10', '9', '2', '1']; sort($a); $b = $a; rsort($b, SORT_STRING); return [$a, $b];",
                        "[0 => [0 => '1', 1 => '2', 2 => '9', 3 => '10'], 1 => [0 => '9', 1 => '2', 2 => "
                        "'10', 3 => '1']]"},
                {"$a = ['b' => 1, 'a' => 2, 'c' => 0]; ksort($a); $b = $a; krsort($b); return [$a, $b];",
                        "[0 => ['a' => 2, 'b' => 1, 'c' => 0], 1 => ['c' => 0, 'b' => 1, 'a' => 2]]"},
                {"$a = [3, 1, 2]; usort($a, fn ($x, $y) => $y - $x); $b = ['x' => 'bb', 'y' => 'a']; "
                 "uasort($b, fn ($x, $y) => strlen($x) <=> strlen($y)); return [$a, $b];",
                        "[0 => [0 => 3, 1 => 2, 2 => 1], 1 => ['y' => 'a', 'x' => 'bb']]"},
                {"$a = ['img12', 'img10', 'IMG2']; natsort($a); $b = $a; natcasesort($b); return [$a, $b];",
                        "[0 => [2 => 'IMG2', 1 => 'img10', 0 => 'img12'], 1 => [2 => 'IMG2', 1 => 'img10', 0 "
                        "=> 'img12']]"},
                {"$a = ['b', 'A', 'a', 'B']; sort($a, SORT_STRING | SORT_FLAG_CASE); return $a;",
                        "[0 => 'A', 1 => 'a', 2 => 'b', 3 => 'B']"},
                {"return [max(1, 2.5, 2), min([3, 1, 2]), max('apple', 'banana'), max([1, 2], [1, 3]), "
                 "min('10', 9)];",
                        "[0 => float(2.5), 1 => 1, 2 => 'banana', 3 => [0 => 1, 1 => 3], 4 => 9]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_stops(void **state)
{
        static const struct snippet snippets[] = {
                {"return count(5);", "stops: count() of a integer, which PHP 7 and PHP 8 answer differently"},
                {"return array_combine([1], [1, 2]);", "stops: array_combine() of arrays of different "
                                                       "lengths, which PHP 7 and PHP 8 answer differently"},
                {"return array_chunk([1], 0);", "stops: array_chunk() with an invalid size, which PHP 7 and "
                                                "PHP 8 answer differently"},
                {"return array_fill(0, -1, 0);",
                        "stops: array_fill() with these numbers, which PHP 7 and PHP 8 answer differently"},
                {"return array_merge();",
                        "stops: array_merge() without arguments, which PHP 7 and PHP 8 answer differently"},
                {"return array_key_exists(1.5, [1]);", "stops: array_key_exists() of a double and a array, "
                                                       "which PHP 7 and PHP 8 answer differently"},
                {"return array_sum(['a']);", "stops: the sum or product of texts that are no numbers"},
                {"return array_flip([1.5]);", "stops: array_flip() of a double"},
                {"return in_array(0, ['a']);", "stops: comparing values of different types, which PHP 7 and "
                                               "PHP 8 answer differently"},
                {"return range(0, 10, 20);",
                        "stops: range() with this step, which PHP 7 and PHP 8 answer differently"},
                {"return range(0.5, 1);", "stops: range() of what is neither whole numbers nor characters"},
                {"return max([]);",
                        "stops: the least or greatest of nothing, which PHP 7 and PHP 8 answer differently"},
                {"return max([1, 'a']);", "stops: comparing values of different types, which PHP 7 and PHP 8 "
                                          "answer differently"},
                {"$a = ['a' => 1, 2]; ksort($a); return $a;",
                        "stops: sorting numbers and texts by key, which PHP 7 and PHP 8 answer differently"},
                {"$a = [1, 'a', '1']; sort($a); return $a;", "stops: comparing values of different types, "
                                                             "which PHP 7 and PHP 8 answer differently"},
                {"$a = ['9', '10', '8a']; sort($a); return $a;",
                        "stops: sorting values that have no order among them"},
                {"$a = range(1, 17); asort($a); $b = array_fill(0, 17, 1); sort($b); asort($b); return $b;",
                        "stops: sorting more than 16 elements, some equal,, which PHP 7 and PHP 8 answer "
                        "differently"},
                {"$a = [2, 1]; usort($a, fn ($x, $y) => $x > $y); return $a;",
                        "stops: a comparison that returns a boolean instead of a number"},
                {"$a = [2, 1]; usort($a, fn ($x, $y) => $x > $y ? 1 : 0); return $a;",
                        "stops: a comparison that contradicts itself"},
                {"return array_map('no_such_function', []);", "stops: the callback no_such_function"},
                {"return str_replace('a', 'b', [['a']]);", "stops: str_replace() in an array of arrays"},
                {"return array_filter([1], null);", "stops: array_filter() with the callback null, which PHP "
                                                    "7 and PHP 8 answer differently"},
                {"return call_user_func_array('max', ['a' => 1]);",
                        "stops: call_user_func_array() with named arguments, which PHP 7 and PHP 8 answer "
                        "differently"},
                {"return array_column([['a' => 1]], 1.5);",
                        "stops: array_column() with a double for a column, which PHP 7 and PHP 8 answer "
                        "differently"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_elements),
                cmocka_unit_test(test_pointer),
                cmocka_unit_test(test_building),
                cmocka_unit_test(test_calling),
                cmocka_unit_test(test_comparing),
                cmocka_unit_test(test_sorting),
                cmocka_unit_test(test_stops),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
