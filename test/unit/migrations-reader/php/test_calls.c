/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "test/unit/migrations-reader/php/snippet.h"

static const struct snippet_case cases[] = {
        {"arguments that do not fit",
                "function f(int $x) { return $x; } try { f(\"abc\"); "
                "} catch (TypeError $e) { show(substr($e->getMessage(), 0, 55)); } try { f(null); "
                "} catch (TypeError $e) { show(substr($e->getMessage(), 0, 55)); } try { f([]); "
                "} catch (TypeError $e) { show(substr($e->getMessage(), 0, 55)); } try { f(); "
                "} catch (ArgumentCountError $e) { show(substr($e->getMessage(), 0, 40)); }",
                "\"f(): Argument #1 ($x) must be of type int, string given\" \"f(): Argument #1 ($x) "
                "must be of type int, null given, \" \"f(): Argument #1 ($x) must be of type int, "
                "array given,\" \"Too few arguments to function f(), 0 pas\""},
        {"results",
                "function f(): int { return \"5\"; } function g(): ?array { return null; "
                "} function h(): void { return; } function s(): string { return 5; "
                "} show(f(), g(), h(), s()); function bad(): int { return []; } try { bad(); "
                "} catch (TypeError $e) { show($e->getMessage()); "
                "} function none(): int { } try { none(); "
                "} catch (TypeError $e) { show($e->getMessage()); }",
                "5 null null \"5\" \"bad(): Return value must be of type int, array returned\" \"none(): "
                "Return value must be of type int, none returned\""},
        {"by reference",
                "function addone(array &$a, $x = 1) { $a[] = $x; } $z = ['n' => []]; "
                "addone($z['n'], 2); addone($z['n']); show($z); "
                "function sw(&$a, &$b) { [$a, $b] = [$b, $a]; } $p = 1; $q = 2; sw($p, $q); "
                "show($p, $q); function nul(&$u) { $u = 'set'; } nul($fresh); show($fresh); "
                "nul($arr['deep']['er']); show($arr);",
                "[\"n\" => [2, 1]] 2 1 \"set\" [\"deep\" => [\"er\" => \"set\"]]"},
        {"spread",
                "function v(...$a) { return $a; } show(v(...[1, 2], ...[3]), v(...['a' => 1, 'b' => "
                "2])); function n($a, $b = 2, $c = 3) { return [$a, $b, $c]; "
                "} show(n(1, c: 9), n(...['c' => 1, 'a' => 0])); show([...[1,2], ...['k' => 3], 4]);",
                "[1, 2, 3] [\"a\" => 1, \"b\" => 2] [1, 2, 9] [0, 2, 1] [1, 2, \"k\" => 3, 2 => 4]"},
        {"named arguments",
                "function n($a, $b = 2) { return func_get_args(); } show(n(1), n(1,2,3)); "
                "try { n(b: 3); } catch (ArgumentCountError $e) { show('ace'); } try { n(1, zz: 3); "
                "} catch (Error $e) { show($e->getMessage()); } try { n(1, a: 3); "
                "} catch (Error $e) { show($e->getMessage()); }",
                "[1] [1, 2, 3] \"ace\" \"Unknown named parameter $zz\" \"Named parameter $a overwrites "
                "previous argument\""},
        {"closures of objects",
                "class C { public $v = 1; function getF() { return function() { return $this->v; }; "
                "} static function st() { return static fn() => static::class; "
                "} } class D extends C {} $c = new C; $f = $c->getF(); $c->v = 7; show($f()); "
                "show((D::st())()); $g = Closure::bind(function() { return $this->v * 2; "
                "}, $c, C::class); show($g()); $h = fn() => $this->v; show($h->call($c)); "
                "show((function() { return func_get_args(); })(1, 2));",
                "7 \"D\" 14 7 [1, 2]"},
        {"captured variables",
                "$fns = []; for ($i = 0; $i < 3; $i++) { $fns[] = function() use ($i) { return $i; "
                "}; } show($fns[0](), $fns[2]()); $x = 1; $inc = function() use (&$x) { return ++$x; "
                "}; $inc(); $inc(); show($x); $fn = fn($y) => $x + $y; $x = 100; show($fn(1)); "
                "$outer = fn($a) => fn($b) => $a . $b; show($outer('x')('y')); "
                "$arrow = fn() => $x++; $arrow(); show($x);",
                "0 2 3 4 \"xy\" 100"},
        {"static variables",
                "$x = ['a' => 1]; $f = function() use ($x) { $x['a']++; return $x['a']; }; "
                "show($f(), $f(), $x); function st() { static $a = [], $n = 1 + 1; $a[] = $n++; "
                "return $a; } st(); show(st()); function fact($n) { return $n <= 1 ? 1 : $n * "
                "fact($n - 1); } show(fact(10));",
                "2 2 [\"a\" => 1] [2, 3] 3628800"},
        {"callbacks",
                "show(array_filter(['a' => 1, 'b' => null, 'c' => 3], fn($v, $k) => $v && $k != 'a', "
                "ARRAY_FILTER_USE_BOTH)); $arr = [3, 1, 2]; usort($arr, fn($a, $b) => $b <=> $a); "
                "show($arr); show(array_reduce([1, 2, 3], function($c, $i) { return $c + $i; "
                "}, 10)); class Sorter { static function cmp($a, $b) { return $a - $b; "
                "} function c2($a, $b) { return $b - $a; } } usort($arr, ['Sorter', 'cmp']); "
                "show($arr); usort($arr, 'Sorter::cmp'); usort($arr, [new Sorter, 'c2']); "
                "show($arr); array_walk($arr, function(&$v, $k, $p) { $v = \"$p$k$v\"; }, 'p'); "
                "show($arr);",
                "[\"c\" => 3] [3, 2, 1] 16 [1, 2, 3] [3, 2, 1] [\"p03\", \"p12\", \"p21\"]"},
        {"compact and extract",
                "$a = 1; $b = [2]; show(compact('a', ['b'])); "
                "extract(['a' => 10, 'new' => 20, '1bad' => 1]); show($a, $new); "
                "function dv($p) { $l = 1; return get_defined_vars(); } show(dv(5));",
                "[\"a\" => 1, \"b\" => [2]] 10 20 [\"p\" => 5, \"l\" => 1]"},
        {"names of functions",
                "show(__LINE__, __FILE__ === '', __FUNCTION__, __CLASS__); "
                "class M { function a() { return [__FUNCTION__, __METHOD__, __CLASS__, (function() { "
                "return __FUNCTION__ . __METHOD__; })()]; } } show((new M)->a());",
                "1 false \"\" \"\" [\"a\", \"M::a\", \"M\", \"{closure}{closure}\"]"},
        {"by value",
                "function mod($a) { $a[] = 1; return $a; } $z = [0]; mod($z); show($z, mod($z)); "
                "function obj($o) { $o->v = 1; $o = null; } $o = new stdClass; obj($o); show($o->v);",
                "[0] [0, 1] 1"},
        {"callables",
                "show((function() { return func_num_args(); "
                "})(1, 2, 3), (fn(...$x) => count($x))(1, 2), array_map(null, [1, 2], [3, 4]), "
                "array_map(fn($a, $b) => $a . $b, ['a'], ['b']));",
                "3 2 [[1, 3], [2, 4]] [\"ab\"]"},
        {"strict types",
                "declare(strict_types=1); function f(int $x) { return $x; } try { show(f(\"5\")); "
                "} catch (TypeError $e) { show('te'); } function g(float $f) { return $f; "
                "} show(g(5)); try { show(strlen(5)); } catch (TypeError $e) { show('te2'); "
                "} show(array_map('strlen', [55]));",
                "\"te\" float 5 \"te2\" [2]"},
        {"imported names",
                "namespace Foo; use Exception as Ex; use function strtoupper as up; "
                "try { throw new Ex('e'); } catch (\\Exception $e) { show(get_class($e), up('x')); "
                "} show($e instanceof Ex);",
                "\"Exception\" \"X\" true"},
        {"calling a number", "try { $x = 5; $x(); } catch (Error $e) { show($e->getMessage()); }",
                "\"Value of type int is not callable\""},
        {"calling an object",
                "class Inv { } try { (new Inv)(); } catch (Error $e) { show($e->getMessage()); }",
                "\"Object of type Inv is not callable\""},
        {"defaults",
                "function dflt($a = [1, 'x' => PHP_INT_SIZE], ?array $b = null, int $c = 2 * 3) { "
                "return [$a, $b, $c]; } show(dflt());",
                "[[1, \"x\" => 8], null, 6]"},
        {"pseudo types",
                "function t(iterable $i, callable $c, object $o, mixed $m) { return 'ok'; "
                "} show(t([1], 'strlen', new stdClass, null)); "
                "try { t(1, 'strlen', new stdClass, 1); } catch (TypeError $e) { show('te'); "
                "} function un(int|float $x) { return $x; } show(un('5'), un('5.5'), un(1.5)); "
                "function nb(?bool $b = true) { return $b; } show(nb(null), nb(0), nb('a'));",
                "\"ok\" \"te\" 5 float 5.5 float 1.5 null false true"},
        {"declared types",
                "function f(int $x, ?string $y = null, int|string $z = 5) { return [$x, $y, $z]; "
                "} show(f('12'), f(1.0, 5), f(true, 'a', 'b'));",
                "[12, null, 5] [1, \"5\", 5] [1, \"a\", \"b\"]"},
        {"first-class callables",
                "class Fc { function m($x) { return \"m$x\"; } static function s() { return 's'; "
                "} function __call($n, $a) { return $n . count($a); } } $m = (new Fc)->m(...); "
                "$s = Fc::s(...); $l = strlen(...); $c = (new Fc)->any(...); "
                "show($m(1), $s(), $l('abc'), $c(1, 2), Closure::fromCallable('strtoupper')('x'));",
                "\"m1\" \"s\" 3 \"any2\" \"X\""},
        {"introspection",
                "const TOP = 5 * 2; define('DEF', TOP + 1); "
                "show(TOP, DEF, defined('TOP'), constant('DEF')); class KK { const Z = 'zz'; "
                "} show(constant('KK::Z'), is_callable('strlen'), is_callable(fn() => 1), "
                "is_callable([new KK, 'nope']), method_exists('KK', 'x'), property_exists('KK', "
                "'x'), class_exists('KK'), get_parent_class(new KK), is_a(new KK, 'KK'), "
                "is_subclass_of(new KK, 'KK'));",
                "10 11 true 11 \"zz\" true true false false false true false true false"},
        {"namespaces",
                "namespace Foo\\Bar; function helper() { return __FUNCTION__; } const X = 5; "
                "class K { const N = __CLASS__; } show(helper(), X, K::N, \\Foo\\Bar\\helper(), "
                "namespace\\helper(), \\strlen('ab'), strlen('abc'), K::class, Other::class);",
                "\"Foo\\Bar\\helper\" 5 \"Foo\\Bar\\K\" \"Foo\\Bar\\helper\" \"Foo\\Bar\\helper\" 2 3 "
                "\"Foo\\Bar\\K\" "
                "\"Foo\\Bar\\Other\""},
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
