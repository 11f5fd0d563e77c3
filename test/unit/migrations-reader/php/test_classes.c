/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "test/unit/migrations-reader/php/snippet.h"

static const struct snippet_case cases[] = {
        {"magic properties",
                "class A { private $p = 1; protected $q = 2; public $r = 3; "
                "function __get($n) { return \"get $n\"; "
                "} function __set($n, $v) { $this->r = \"$n=$v\"; "
                "} function __isset($n) { return $n === 'magic'; "
                "} function __unset($n) { $this->r = \"unset $n\"; } }\n"
                "$a = new A; show($a->p, $a->magic, isset($a->magic), isset($a->nope), "
                "isset($a->p)); $a->z = 5; show($a->r); unset($a->p); show($a->r); "
                "show($a->magic ?? 'x', $a->nope ?? 'y', empty($a->magic));",
                "\"get p\" \"get magic\" true false false \"z=5\" \"unset p\" \"get magic\" \"y\" false"},
        {"private properties of an ancestor",
                "class A { private $p = 1; function t(A $o) { return $o->p; "
                "} } class B extends A { public $p = 2; } $b = new B; "
                "show($b->p, $b->t($b), (array)new A === [\"\\0A\\0p\" => 1]);\n"
                "try { show((new A)->p); } catch (Error $e) { show($e->getMessage()); }",
                "2 1 true \"Cannot access private property A::$p\""},
        {"__call and __callStatic",
                "class A { function __call($n, $a) { return [$n, $a]; "
                "} static function __callStatic($n, $a) { return ['static', $n, $a]; "
                "} } show((new A)->foo(1, 2), A::bar(3)); $f = [new A, 'x']; show($f(9)); "
                "show(call_user_func(['A', 'q'], 1));",
                "[\"foo\", [1, 2]] [\"static\", \"bar\", [3]] [\"x\", [9]] [\"static\", \"q\", [1]]"},
        {"traits",
                "trait T { private $c = 0; public static $s = 1; "
                "static function sm() { return static::class . self::class . __CLASS__ . __TRAIT__; "
                "} function inc() { return ++$this->c; } abstract function need(); "
                "static function cnt() { static $n = 0; return ++$n; } }\n"
                "class A { use T; function need() { return __METHOD__; } } class B { use T; "
                "function need() { return 'b'; } }\n"
                "$a = new A; $a->inc(); show($a->inc(), A::sm(), $a->need(), A::cnt(), A::cnt(), "
                "B::cnt()); A::$s = 5; show(B::$s);",
                "2 \"AAAT\" \"A::need\" 1 2 1 1"},
        {"interfaces and constants",
                "interface I { const X = 'ix'; function m(); "
                "} abstract class Q implements I { function go() { return $this->m() . static::X . "
                "self::X; } } class R extends Q { const Y = self::X . '!'; "
                "function m() { return 'm'; } } $r = new R; "
                "show($r->go(), R::Y, $r instanceof I, R::X);",
                "\"mixix\" \"ix!\" true \"ix\""},
        {"new of an abstract class",
                "abstract class Q { } try { new Q; "
                "} catch (Error $e) { show(get_class($e), $e->getMessage()); }",
                "\"Error\" \"Cannot instantiate abstract class Q\""},
        {"new of an interface", "interface I {} try { new I; } catch (Error $e) { show($e->getMessage()); }",
                "\"Cannot instantiate interface I\""},
        {"typed and readonly properties",
                "class P { public ?int $n = null; public string $s; private readonly array $ro; "
                "function __construct() { $this->ro = [1]; } function chg() { $this->ro[] = 2; "
                "} } $p = new P; $p->n = \"5\"; show($p->n); try { $p->n = 'abc'; "
                "} catch (TypeError $e) { show($e->getMessage()); } try { show($p->s); "
                "} catch (Error $e) { show($e->getMessage()); } try { $p->chg(); "
                "} catch (Error $e) { show($e->getMessage()); } show($p->n = \"7\"); $p->n++; "
                "show($p->n);",
                "5 \"Cannot assign string to property P::$n of type ?int\" \"Typed property P::$s must "
                "not be accessed before initialization\" \"Cannot modify readonly property P::$ro\" 7 8"},
        {"static properties",
                "class A { public static $count = 0; public static $arr = ['x' => 1]; "
                "static function inc() { return ++static::$count; "
                "} const ONE = 1, TWO = self::ONE + 1; "
                "} class B extends A { public static $count = 10; } A::inc(); B::inc(); B::inc(); "
                "A::$arr['y']['z'] = 2; show(A::$count, B::$count, B::$arr, A::TWO); "
                "$r = &A::$count; $r = 50; show(A::$count);",
                "1 12 [\"x\" => 1, \"y\" => [\"z\" => 2]] 2 50"},
        {"clone and comparison",
                "class A { public $o; public $arr = [1]; "
                "function __clone() { $this->arr[] = 'cloned'; } } $a = new A; $a->o = new A; "
                "$b = clone $a; $b->o->arr[] = 2; $b->arr[] = 3; show($a->arr, $a->o->arr, $b->arr); "
                "show($a == clone $a, $a == $a, new A == new A, $a === $a);",
                "[1] [1, 2] [1, \"cloned\", 3] false true true true"},
        {"__toString and __invoke",
                "class S { function __toString() { return 'str'; "
                "} function __invoke($x) { return $x * 2; } } $s = new S; "
                "show('a' . $s, \"b$s\", (string)$s, $s == 'str', $s(4), array_map($s, [1,2]), "
                "strlen($s)); try { (string)new stdClass; "
                "} catch (Error $e) { show($e->getMessage()); }",
                "\"astr\" \"bstr\" \"str\" true 8 [2, 4] 3 \"Object of class stdClass could not be "
                "converted to string\""},
        {"visibility",
                "class V { private function p() { return 'p'; } protected function q() { return 'q'; "
                "} private static function s() {} function t($o) { return $o->p(); "
                "} } class W extends V { function p() { return 'wp'; "
                "} function u() { return $this->q(); } } $v = new V; "
                "foreach (['p', 'q'] as $m) try { $v->$m(); "
                "} catch (Error $e) { show($e->getMessage()); } try { V::s(); "
                "} catch (Error $e) { show($e->getMessage()); "
                "} show((new W)->u(), (new W)->t(new W), (new W)->p()); "
                "class PC { private function __construct() {} static function make() { return new "
                "self; } } show(PC::make()); try { new PC; "
                "} catch (Error $e) { show($e->getMessage()); }",
                "\"Call to private method V::p() from global scope\" \"Call to protected method V::q() "
                "from global scope\" \"Call to private method V::s() from global scope\" \"q\" \"p\" \"wp\" "
                "object PC \"Call to private PC::__construct() from global scope\""},
        {"anonymous classes",
                "$o = new class(5) { public $x; function __construct($x) { $this->x = $x; "
                "} function d() { return $this->x * 2; } }; show($o->d(), $o instanceof stdClass); "
                "function mk() { return new class { public $v = 1; }; "
                "} show(mk() == mk(), get_class(mk()) === get_class(mk()));",
                "10 false true true"},
        {"constant expressions",
                "class A1 { const A = self::B . 'a'; const B = 'b' . B1::C; public $p = self::A; "
                "public $arr = [self::B => [1, self::A]]; "
                "function m($x = self::A, $y = [B1::C]) { return [$x, $y]; "
                "} } class B1 { const C = 'c'; } show(A1::A, (new A1)->p, (new A1)->arr, (new "
                "A1)->m());",
                "\"bca\" \"bca\" [\"bc\" => [1, \"bca\"]] [\"bca\", [\"c\"]]"},
        {"promoted parameters",
                "class Pa { public function __construct(protected int $a = 1, public readonly string "
                "$b = 'bb') {} function a() { return $this->a; "
                "} } class Ch extends Pa { public function __construct(int $z) { "
                "parent::__construct($z * 2); } } $c = new Ch(4); show($c->a(), $c->b); "
                "try { $c->b = 'x'; } catch (Error $e) { show($e->getMessage()); }",
                "8 \"bb\" \"Cannot modify readonly property Pa::$b\""},
        {"Iterator and IteratorAggregate",
                "class I implements Iterator { private $i = 0; "
                "function __construct(private array $a) {} function current(): mixed { return "
                "$this->a[$this->i]; } function key(): mixed { return \"k$this->i\"; "
                "} function next(): void { $this->i++; } function rewind(): void { $this->i = 0; "
                "} function valid(): bool { return isset($this->a[$this->i]); "
                "} } class Agg implements IteratorAggregate { function getIterator(): Iterator { "
                "return new I([7,8]); } } foreach (new I([1,2,3]) as $k => $v) { if ($v == 3) break; "
                "show($k, $v); } foreach (new Agg as $v) show($v);",
                "\"k0\" 1 \"k1\" 2 7 8"},
        {"foreach over properties",
                "class O { public $a = 1; protected $b = 2; private $c = 3; public $d; "
                "function all() { $r = []; foreach ($this as $k => $v) $r[$k] = $v; return $r; "
                "} } $o = new O; $o->dyn = 5; $r = []; foreach ($o as $k => $v) $r[$k] = $v; "
                "show($r, $o->all(), get_object_vars($o));",
                "[\"a\" => 1, \"d\" => null, \"dyn\" => 5] [\"a\" => 1, \"b\" => 2, \"c\" => 3, \"d\" => "
                "null, "
                "\"dyn\" => 5] [\"a\" => 1, \"d\" => null, \"dyn\" => 5]"},
        {"ArrayAccess",
                "class AA implements ArrayAccess { private $d = []; "
                "function offsetExists($o): bool { show(\"exists $o\"); return isset($this->d[$o]); "
                "} function offsetGet($o): mixed { show(\"get $o\"); return $this->d[$o] ?? null; "
                "} function offsetSet($o, $v): void { if ($o === null) $this->d[] = $v; "
                "else $this->d[$o] = $v; } function offsetUnset($o): void { unset($this->d[$o]); "
                "} } $a = new AA; $a['x'] = 1; $a[] = 2; "
                "show($a['x'], isset($a['x']), isset($a['q']), $a['q'] ?? 'def', empty($a['x'])); "
                "unset($a['x']); show(isset($a['x'])); $a['n'] = 1; $a['n'] += 5; show($a['n']);",
                "\"get x\" \"exists x\" \"exists q\" \"exists q\" \"exists x\" \"get x\" 1 true false "
                "\"def\" "
                "false \"exists x\" false \"get n\" \"get n\" 6"},
        {"an exception class",
                "class MyE extends InvalidArgumentException { private $extra; "
                "function __construct($m, $x) { parent::__construct($m, 7, new Exception('prev')); "
                "$this->extra = $x; } function x() { return $this->extra . $this->message . "
                "$this->code; } } try { throw new MyE('hello', 'ex'); "
                "} catch (Exception $e) { show($e->x(), $e->getMessage(), "
                "$e->getPrevious()->getMessage(), $e instanceof Throwable); }",
                "\"exhello7\" \"hello\" \"prev\" true"},
        {"an exception without its parent's constructor",
                "class NoCtor extends Exception { protected $message = 'default'; "
                "protected $code = 3; function __construct() {} } try { throw new NoCtor; "
                "} catch (NoCtor $e) { show($e->getMessage(), $e->getCode(), $e->getPrevious()); }",
                "\"default\" 3 null"},
        {"static as a result",
                "class A { public function __construct(public array $x = []) {} public function "
                "with(...$v): static { $c = clone $this; $c->x = array_merge($c->x, $v); return $c; "
                "} } $a = (new A)->with(1)->with(2, 3); show($a->x, $a instanceof A);",
                "[1, 2, 3] true"},
        {"abstract methods",
                "abstract class Base { abstract protected function name(): string; "
                "public function hi() { return 'hi ' . $this->name(); "
                "} public static function create(): static { return new static; "
                "} } class Impl extends Base { protected function name(): string { return 'impl'; "
                "} } show(Impl::create()->hi());",
                "\"hi impl\""},
        {"properties behind __get and __set",
                "class A { public function __get($n) { return $this->data[$n] ?? 'none'; "
                "} private $data = ['a' => 1]; public function __set($n, $v) { $this->data[$n] = $v; "
                "} } $a = new A; $a->b = 2; show($a->a, $a->b, $a->c); $a->a .= 'x'; show($a->a);",
                "1 2 \"none\" \"1x\""},
        {"nested writes to a property",
                "class L { private array $items = []; "
                "public function add(string $k, $v) { $this->items[$k][] = $v; return $this; "
                "} public function all() { return $this->items; "
                "} } show((new L)->add('a', 1)->add('b', 2)->add('a', 3)->all());",
                "[\"a\" => [1, 3], \"b\" => [2]]"},
        {"a private method of the caller",
                "class P1 { private function x() { return 'P1x'; "
                "} public function call() { return $this->x(); "
                "} } class C1 extends P1 { public function x() { return 'C1x'; "
                "} } show((new C1)->call(), (new C1)->x());",
                "\"P1x\" \"C1x\""},
        {"static properties declared again",
                "class P2 { protected static $i = []; "
                "static function reg($k) { static::$i[$k] = ($k) . count(self::$i); "
                "return count(static::$i); } static function all() { return static::$i; "
                "} } class C2 extends P2 { protected static $i = ['z' => 1]; } P2::reg('a'); "
                "C2::reg('b'); show(P2::all(), C2::all());",
                "[\"a\" => \"a0\"] [\"z\" => 1, \"b\" => \"b1\"]"},
        {"constants of an interface",
                "interface HasC { const A = [1, 2]; public static function make(); "
                "} class Impl3 implements HasC { public static function make() { return self::A[1]; "
                "} } show(Impl3::make(), HasC::A, Impl3::A[0]);",
                "2 [1, 2] 1"},
        {"static calls of an object",
                "class St { static function a() { return self::b(); "
                "} private static function b() { return 'b' . static::class; "
                "} function inst() { return self::a() . St::a(); "
                "} } class St2 extends St {} show(St2::a(), (new St2)->inst());",
                "\"bSt2\" \"bSt2bSt\""},
        {"stdClass",
                "$o = (object)['a' => 1, 'b' => ['c' => 2]]; "
                "show($o->a, $o->b['c'], isset($o->b['d']), isset($o->z->y), $o->z->y ?? 'def'); "
                "$o->b['d'] = 5; show($o->b); foreach ($o as $k => $v) show($k); $c = clone $o; "
                "$c->a = 9; show($o->a);",
                "1 2 false false \"def\" [\"c\" => 2, \"d\" => 5] \"a\" \"b\" 1"},
        {"names of properties are strings",
                "$o = (object)['5' => 1, 'a' => 2]; foreach ($o as $k => $v) show($k); "
                "foreach (get_object_vars($o) as $k => $v) show($k);",
                "\"5\" \"a\" 5 \"a\""},
        {"previous exceptions",
                "try { throw new Exception('outer', 3, new TypeError('inner')); "
                "} catch (Exception $e) { show($e->getPrevious()->getMessage(), "
                "get_class($e->getPrevious())); } finally { show('f'); }",
                "\"inner\" \"TypeError\" \"f\""},
        {"members that are not there",
                "class Em { } try { (new Em)->nope(); } catch (Error $e) { show($e->getMessage()); "
                "} try { Em::nope(); } catch (Error $e) { show($e->getMessage()); "
                "} try { show(Em::NOPE); } catch (Error $e) { show($e->getMessage()); "
                "} try { Em::$nope; } catch (Error $e) { show($e->getMessage()); }",
                "\"Call to undefined method Em::nope()\" \"Call to undefined method Em::nope()\" "
                "\"Undefined constant Em::NOPE\" \"Access to undeclared static property Em::$nope\""},
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
