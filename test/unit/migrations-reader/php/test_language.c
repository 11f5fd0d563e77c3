/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "test/unit/migrations-reader/php/snippet.h"

static const struct snippet_case cases[] = {
        {"finally",
                "function f() { try { return 'try'; } finally { show('fin'); } } show(f()); "
                "function g() { try { throw new Exception('x'); "
                "} catch (Exception $e) { return 'catch'; } finally { return 'finally'; "
                "} } show(g()); function h() { foreach ([1,2,3] as $i) { try { continue; "
                "} finally { show($i); } } return 'end'; } show(h());",
                "\"fin\" \"try\" \"finally\" 1 2 3 \"end\""},
        {"catch of several classes",
                "try { try { throw new RuntimeException('a', 5); } finally { show('f'); "
                "} } catch (LogicException | RuntimeException $e) { show(get_class($e), "
                "$e->getCode()); }",
                "\"f\" \"RuntimeException\" 5"},
        {"references in arrays",
                "$a = ['x' => ['y' => 1]]; $b = &$a['x']; $c = $a; $b['y'] = 2; show($a, $c); "
                "$a2 = [1,2]; foreach ($a2 as &$r) {} unset($r); $d = $a2; $d[0] = 9; show($a2);",
                "[\"x\" => [\"y\" => 2]] [\"x\" => [\"y\" => 2]] [1, 2]"},
        {"arrays that change in foreach",
                "$a = [1,2,3]; foreach ($a as $k => $v) { if ($k == 0) { $a[] = 4; } show($v); "
                "} show($a); $i = 0; foreach ($a as $k => &$v) { if ($i++ < 2) $a[] = 10 + $i; $v++; "
                "} unset($v); show($a);",
                "1 2 3 [1, 2, 3, 4] [2, 3, 4, 5, 12, 13]"},
        {"destructuring",
                "[$a, $b] = [1, 2]; [$a, $b] = [$b, $a]; show($a, $b); "
                "list('x' => list(, $q), 'y' => $r) = ['x' => [1, 2], 'y' => 3]; show($q, $r); "
                "[$n] = [null]; show($n); list($u) = null; show($u); $arr = [1, [2, 3]]; "
                "[$x, [&$y]] = $arr; $y = 99; show($arr); "
                "foreach ([[1, [2]], [3, [4]]] as [$p, [$q]]) show($p, $q);",
                "2 1 2 3 null null [1, [99, 3]] 1 2 3 4"},
        {"string offsets",
                "$s = 'abc'; $s[1] = 'X'; show($s, $s[0], $s[-1], isset($s[5]), isset($s['x']), "
                "isset($s[1]), $s[9] ?? 'd', \"$s[0]\");",
                "\"aXc\" \"a\" \"c\" false false true \"d\" \"a\""},
        {"arrays made by writing",
                "$x = null; $x['a']['b'][] = 1; $x['a']['c'] ?\?= 5; $x['a']['c'] ?\?= 6; show($x); "
                "$y = []; $y[] = 'a'; $y[5] = 'b'; $y[] = 'c'; $y['k'] = 'd'; show($y); "
                "unset($y[5], $y['zz']['q']); show($y);",
                "[\"a\" => [\"b\" => [1], \"c\" => 5]] [\"a\", 5 => \"b\", 6 => \"c\", \"k\" => \"d\"] "
                "[\"a\", 6 => "
                "\"c\", \"k\" => \"d\"]"},
        {"order of evaluation",
                "$i = 1; show($i + $i++ + ++$i); $i = 2; show($i++ * $i); $a = [1,2,3]; $i = 0; "
                "$a[$i++] = $a[$i] + 10; show($a, $i); $i = 1; $x = [$i, $i++, $i]; show($x); "
                "$s = 'a'; $s .= $s . 'b'; show($s);",
                "6 6 [12, 2, 3] 1 [1, 1, 2] \"aab\""},
        {"names in variables",
                "$x = 'abc'; $$x = 5; show($abc, ${'ab' . 'c'}); $n = 'dyn'; $o = new stdClass; "
                "$o->$n = 1; $o->{'a b'} = 2; show((array)$o); $m = 'strtoupper'; show($m('x')); "
                "$c = 'ArrayObj'; class ArrayObj { static $v = 3; const C = 4; "
                "static function f() { return 'sf'; } function m() { return 'mm'; "
                "} } show($c::$v, $c::C, $c::f(), (new $c)->m()); $meth = 'm'; "
                "show((new $c)->$meth()); $sm = 'f'; show($c::$sm());",
                "5 5 [\"dyn\" => 1, \"a b\" => 2] \"X\" 3 4 \"sf\" \"mm\" \"mm\" \"sf\""},
        {"loops",
                "$i = 0; do { $i++; if ($i == 2) continue; if ($i > 4) break; show($i); "
                "} while ($i < 10); $i = 10; while ($i-- > 7): show($i); endwhile; for (;;) { break; "
                "} for ($i = 0, $j = 5; $i < 2, $j > 3; $i++, $j--); show($i, $j); "
                "if ($i): show('a'); elseif ($j): show('b'); else: show('c'); endif;",
                "1 3 4 9 8 7 2 3 \"a\""},
        {"operators",
                "show(1 <=> 2, 'a' <=> 'a', [1,2] == [2=>1], null ?? 'x', 5 % 3, -5 % 3, 2 ** 10, 2 "
                "** -1, 7 / 2, 6 / 2, 10 - 4 . '', 1 + 1 . '2', !empty([0]), true xor true, 5 & 6, 5 "
                "| 6, 5 ^ 6, ~5, 1 << 3, -8 >> 1, 'a' . 1.0, 0.1 + 0.2, 1e100, (int)'12abc', "
                "(float)'1.5', (bool)'0', (string)false, (array)'x', PHP_INT_MAX + 1);",
                "-1 0 false \"x\" 2 -2 1024 float 0.5 float 3.5 3 \"6\" \"22\" true false 4 7 3 -6 8 -4 "
                "\"a1\" float 0.3 float 1.0E+100 12 float 1.5 false \"\" [\"x\"] float 9.2233720368548E+18"},
        {"interpolation",
                "$y = ['k' => 'v', 3 => 't']; $o = new stdClass; $o->p = 'pp'; "
                "$o->q = ['r' => new stdClass]; $o->q['r']->s = 'deep'; $k = 'k'; "
                "show(\"a $y[k] $y[3] $y[$k] {$y['k']} $o->p {$o->q['r']->s} \\x41 \\u{1F600} \\101 \\$x "
                "${k}\"); show(<<<'N'\n"
                "  raw $x\n"
                "    two\n"
                "  N);",
                "\"a v t v v pp deep A 😀 A $x k\" \"raw $x\n"
                "  two\""},
        {"handles and references",
                "$x = 5; $r = &$x; $arr = [&$x, 'k' => $x]; $r = 6; show($arr); $copy = $arr; "
                "$copy[0] = 7; show($x); function gl() { $a = 1; $b = &$a; unset($a); return $b; "
                "} show(gl()); $o1 = new stdClass; $o2 = $o1; $o2->v = 1; show($o1->v); $ar1 = [1]; "
                "$ar2 = $ar1; $ar2[] = 2; show($ar1);",
                "[6, \"k\" => 5] 7 1 1 [1]"},
        {"increments",
                "$a = 'z'; $a++; show($a); $b = 'Az'; $b++; show($b); $n = null; $n++; show($n); "
                "$n = null; $n--; show($n); $f = 1.5; $f--; show($f); $i = PHP_INT_MAX; $i++; "
                "show($i); $s = '5'; $s++; show($s); $arr = ['c' => 1]; $arr['c']++; ++$arr['c']; "
                "show($arr['c']--, $arr); $o = new stdClass; $o->n = 1; $o->n += 5; $o->n .= 'x'; "
                "show($o->n);",
                "\"aa\" \"Ba\" 1 null float 0.5 float 9.2233720368548E+18 6 3 [\"c\" => 2] \"6x\""},
        {"logic",
                "$x = true; $x and $y = 5; show($y); $z = $x ? 'a' : ($y ? 'b' : 'c'); "
                "show($z, $x ?: 'no', 0 ?: 'yes'); show(!$x || $y, $x && !$y); $t = false or true; "
                "show($t); print 'x'; show(print('y'));",
                "5 \"a\" true \"yes\" true false false 1"},
        {"elements that are not there", "$a = []; show($a[3] ?? 'd', isset($a[3]));", "\"d\" false"},
        {"foreach over nothing", "foreach (null ?? [] as $x) { } show('ok');", "\"ok\""},
        {"comparisons",
                "show(0 == \"0\", \"\" == null, true == \"a\", 1.0 === 1, \"abc\" == \"ABC\", [1, 2] === [2 "
                "=> "
                "1], [1,2] <=> [1,3], INF == INF, \"1\" + \"1\", \"1.5\" + 1, 7 . '', -7 % 3, 2 ** 63, 10 "
                "% 3.9, \"10\" % \"3\");",
                "true true true false false false -1 true 2 float 2.5 \"7\" -1 float "
                "9.2233720368548E+18 1 1"},
        {"nested references",
                "$a = ['x' => ['y' => 1]]; foreach ($a as $k => &$v) { $v['z'] = 2; "
                "foreach ($v as &$w) { $w++; } unset($w); } unset($v); show($a);",
                "[\"x\" => [\"y\" => 2, \"z\" => 3]]"},
        {"destructuring into elements",
                "$a = []; [$a['x'], $a['y'][]] = [1, 2]; show($a); $i = 0; "
                "[$b[$i++], $b[$i++]] = ['p', 'q']; show($b, $i);",
                "[\"x\" => 1, \"y\" => [2]] [\"p\", \"q\"] 2"},
        {"an exception in finally",
                "function t() { try { throw new Exception('a'); "
                "} finally { throw new Exception('b'); } } try { t(); "
                "} catch (Exception $e) { show($e->getMessage()); }",
                "\"b\""},
        {"break through finally",
                "function t() { for ($i = 0; $i < 3; $i++) { try { if ($i == 1) break; "
                "} finally { show(\"f$i\"); } } return 'r'; } show(t());",
                "\"f0\" \"f1\" \"r\""},
        {"unset references",
                "$x = \"a\"; $y = &$x; unset($x); show($y, isset($x)); $arr = [1,2]; $ref = &$arr[1]; "
                "unset($ref); $c = $arr; $c[1] = 5; show($arr);",
                "\"a\" false [1, 2]"},
        {"while", "$n = 5; while ($n--) { if ($n % 2) continue; show($n); if ($n < 2) break; }", "4 2 0"},
        {"match",
                "$i = 10; $r = match(true) { $i < 5 => 'small', $i < 20 => 'medium', default => "
                "'large' }; show($r); $v = $i > 5 ? 'a' : 'b'; $w = $i ?: 0; show($v, $w, $i <=> 5);",
                "\"medium\" \"a\" 10 1"},
        {"conditional declarations",
                "$x = 1; { $y = 2; } show($x + $y); ; if (1) { function cond() { return 'c'; "
                "} } show(cond()); if (true): class CondC { const Q = 1; } endif; show(CondC::Q);",
                "3 \"c\" 1"},
        {"uncaught", "throw new DomainException('dom');", "DomainException: dom"},
        {"keys", "$a = ['5' => 1, '05' => 2, '-3' => 3, ' 1' => 4]; show($a, array_keys($a)[0] === 5);",
                "[5 => 1, \"05\" => 2, -3 => 3, \" 1\" => 4] true"},
        {"switch",
                "switch (true) { case false: show(1); default: show('def'); case 3: show(3); break; "
                "case 4: show(4); } $x = 'b'; switch ($x) { case 'a': case 'b': show('ab'); break; "
                "} for ($i = 0; $i < 3; $i++) { switch ($i) { case 1: continue 2; } show($i); }",
                "3 \"ab\" 0 2"},
        {"division by zero",
                "try { 1 % 0; } catch (DivisionByZeroError $e) { show($e->getMessage()); "
                "} try { intdiv(1, 0); } catch (DivisionByZeroError $e) { show($e->getMessage()); "
                "} try { [] + 1; } catch (TypeError $e) { show($e->getMessage()); }",
                "\"Modulo by zero\" \"Division by zero\" \"Unsupported operand types: array + int\""},
        {"methods of null",
                "$n = null; try { $n->foo(); } catch (Error $e) { show($e->getMessage()); "
                "} show($n?->foo(), $n?->a?->b, $n?->a['x'] ?? 'd');",
                "\"Call to a member function foo() on null\" null null \"d\""},
        {"match without an arm",
                "show(match(3) { 1, 2 => 'a', 3, 4 => 'b', default => 'c' }); "
                "try { match(5) { 1 => 2 }; } catch (\\UnhandledMatchError $e) { "
                "show($e->getMessage()); }",
                "\"b\" \"Unhandled match case 5\""},
        {"unset",
                "$a = ['b' => ['c' => 1]]; unset($a['b']['c'], $a['x']['y']); show($a); "
                "$o = new stdClass; $o->a = ['k' => 1]; unset($o->a['k'], $o->zz); show($o->a); "
                "$s = 5; unset($s); show(isset($s));",
                "[\"b\" => []] [] false"},
        {"silence",
                "show(@$undef, @[][5]); function w() { return @$arr['nokey']; } show(w()); "
                "function fthrow() { throw new Exception; } try { @fthrow(); "
                "} catch (Exception $e) { show('caught'); }",
                "null null null \"caught\""},
        {"heredoc",
                "$y = ['k' => 'v']; show(<<<EOT\n"
                "  a $y[k]\n"
                "   {$y['k']}\\n\\$x\n"
                "  EOT);",
                "\"a v\n"
                " v\n"
                "$x\""},
        {"echo of all kinds", "echo \"x\", 1, 1.5, true, null, \"\\n\"; show(print(\"y\"));", "1"},
};

static void test_snippets(void **state)
{
        (void)state;
        check_snippets(cases, ARRAY_SIZE(cases));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_snippets),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
