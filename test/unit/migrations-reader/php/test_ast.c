/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ast_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A snippet and the trees of its statements. */
struct ast_case {
        const char *source;
        const char *tree; /* or "ERR message" */
};

static struct php_file *read_source(const char *source, struct error *err)
{
        _cleanup_free_ char *whole = string_format("<?php %s", source);
        struct php_file *file = NULL;
        return php_file_read("Version1.php", whole, strlen(whole), &file, err) < 0 ? NULL : file;
}

static char *print_file(const struct php_file *file)
{
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < file->root->count; i++) {
                if (i > 0)
                        buffer_append(&out, " ", 1);
                ast_print(file->root->children[i], &out);
        }
        return buffer_steal(&out);
}

static void check_cases(const struct ast_case *cases, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(php_file_freep) struct php_file *file = read_source(cases[i].source, &err);
                _cleanup_free_ char *tree =
                        file ? print_file(file) : string_format("ERR %s", error_message(&err));
                if (strcmp(tree, cases[i].tree) != 0)
                        fail_msg("%s\n is   %s\n want %s", cases[i].source, tree, cases[i].tree);
        }
}

static const struct ast_case literals_cases[] = {
        {"0; 12; 1_000; 0x1F; 0b101; 0755; 00;", "(; 0) (; 12) (; 1000) (; 31) (; 5) (; 493) (; 0)"},
        {"9223372036854775807; 9223372036854775808; 0xFFFFFFFFFFFFFFFF; 01777777777777777777777;",
                "(; 9223372036854775807) (; float:9.2233720368547758e+18) (; float:1.8446744073709552e+19) "
                "(; float:1.8446744073709552e+19)"},
        {"1.5; .5; 6.; 1e3; 1_0.2_5E-1;",
                "(; float:1.5) (; float:0.5) (; float:6) (; float:1000) (; float:1.0249999999999999)"},
        {"true; FALSE; Null; \\true;", "(; true) (; false) (; null) (; true)"},
        {"'it\\'s \\\\ \\n'; b'x'; '';", "(; 'it's \\ \\n') (; 'x') (; '')"},
        {"\"a\\tb\\x41\\101\\u{20ac}\\$x\\\"\\q\"; b\"y\"; \"\";",
                "(; 'a\tbAA\342\202\254$x\"\\q') (; 'y') (; '')"},
        {"\"\\u{}\";", "(; (UNSUPPORTED an escape sequence that PHP refuses))"},
        {"08;", "ERR line 1, column 7: unexpected number"},
};

static const struct ast_case interpolation_cases[] = {
        {"\"$a $b[0] $b[k] $b[-1] $b[-0] $b[01] $b[0x1] $b[$i] $b[9223372036854775808]\";",
                "(; (interpolated $a ' ' (offset $b 0) ' ' (offset $b 'k') ' ' (offset $b -1) ' ' (offset $b "
                "'-0') ' ' (offset $b '01') ' ' (offset $b '0x1') ' ' (offset $b $i) ' ' (offset $b "
                "'9223372036854775808')))"},
        {"\"$o->p->q $o->p[1] $a[1][2]\";",
                "(; (interpolated (-> $o 'p') '->q ' (-> $o 'p') '[1] ' (offset $a 1) '[2]'))"},
        {"\"${n} ${n[1]} ${n['k']} ${f()}\";", "(; (interpolated $n ' ' (offset $n 1) ' ' (offset $n 'k') ' "
                                               "' ($$ (call (function-name f)))))"},
        {"\"{$a['x'][1]} {$o->p->q()} {$f(1)} {$$v}\";",
                "(; (interpolated (offset (offset $a 'x') 1) ' ' (->() (-> $o 'p') 'q') ' ' (call $f (arg "
                "1)) ' ' ($$ $v)))"},
        {"\"\\{$a} {a} { $a} $ $1 \\$a\";", "(; (interpolated '\\{' $a '} {a} { ' $a '} $ $1 $a'))"},
        {"\"$a->{x}\";", "(; (interpolated $a '->{x}'))"},
        {"\"$$a\";", "(; (interpolated '$' $a))"},
        {"\"$a?->b\";", "(; (UNSUPPORTED ?-> in a string, which PHP 7 does not know))"},
        {"\"{$a}$b{$c}\";", "(; (interpolated $a $b $c))"},
        {"\"`$a` // $b /* $c */ # $d\";", "(; (interpolated '`' $a '` // ' $b ' /* ' $c ' */ # ' $d))"},
};

static const struct ast_case heredocs_cases[] = {
        {"<<<EOT\nplain\\t\n  $a\n\nEOT;", "(; (interpolated 'plain\t\n  ' $a '\n'))"},
        {"<<<EOT\n    a\n      $b {$c}\n    \n  \n    \\$d\n    EOT;",
                "(; (interpolated 'a\n  ' $b ' ' $c '\n\n\n$d'))"},
        {"<<<\"EOT\"\nEOT;", "(; '')"},
        {"<<<'EOT'\n  $a \\n\n   b\n  EOT;", "(; '$a \\n\n b')"},
        {"<<<EOT\n\tx\n\tEOT;", "(; 'x')"},
        {"<<<EOT\n  $a\n $b\n  EOT;", "(; (UNSUPPORTED a heredoc line that is indented less than its end))"},
        {"f(<<<EOT\n  a\n  EOT, 1);", "(; (call (function-name f) (arg 'a') (arg 1)))"},
        {"<<<EOT\r\na\r\nb\r\nEOT;", "(; 'a\r\nb')"},
};

static const struct ast_case operators_cases[] = {
        {"1 + 2 * 3 - 4; 1 . 2 . 3; 2 ** 3 ** 2; 1 % 2 / 3;",
                "(; (binary - (binary + 1 (binary * 2 3)) 4)) (; (binary . (binary . 1 2) 3)) (; (binary ** "
                "2 (binary ** 3 2))) (; (binary / (binary % 1 2) 3))"},
        {"$a && $b || $c; $a ?? $b ?? $c; $a | $b ^ $c & $d; $a << 1 >> 2;",
                "(; (binary || (binary && $a $b) $c)) (; (binary ?? $a (binary ?? $b $c))) (; (binary | $a "
                "(binary ^ $b (binary & $c $d)))) (; (binary >> (binary << $a 1) 2))"},
        {"$a == 1; $a != 1; $a <> 1; $a === 1; $a !== 1; $a < 1; $a <= 1; $a > 1; $a >= 1; $a <=> 1; $a < 1 "
         "== true;",
                "(; (binary == $a 1)) (; (binary != $a 1)) (; (binary != $a 1)) (; (binary === $a 1)) (; "
                "(binary !== $a 1)) (; (binary < $a 1)) (; (binary <= $a 1)) (; (binary > $a 1)) (; (binary "
                ">= $a 1)) (; (binary <=> $a 1)) (; (binary == (binary < $a 1) true))"},
        {"-$a ** 2; !$a ** 2; (int) $a ** 2; - -$a ** 2; (-$a) ** 2; 2 ** -1; @$a ** 2; -$a * 3; - -1;",
                "(; (- (binary ** $a 2))) (; (! (binary ** $a 2))) (; (cast int (binary ** $a 2))) (; (- (- "
                "(binary ** $a 2)))) (; (binary ** (- $a) 2)) (; (binary ** 2 (- 1))) (; (@ (binary ** $a "
                "2))) (; (binary * (- $a) 3)) (; (- (- 1)))"},
        {"!$a instanceof B; !($a instanceof B); (bool) $a instanceof B; $a instanceof $b; $a instanceof "
         "\\B\\C;",
                "(; (! (instanceof $a (class-name B)))) (; (! (instanceof $a (class-name B)))) (; "
                "(instanceof (cast bool $a) (class-name B))) (; (instanceof $a $b)) (; (instanceof $a "
                "(class-name B\\C)))"},
        {"-$a instanceof B;", "(; (UNSUPPORTED instanceof behind a sign))"},
        {"'a' . 1 + 2;", "(; (UNSUPPORTED PHP 7 and PHP 8 order . and + differently))"},
        {"1 + 2 . 'a';", "(; (binary . (binary + 1 2) 'a'))"},
        {"('a' . 1) + 2; 'a' . (1 + 2); 'a' . -1; 'a' . 2 * 3;",
                "(; (binary + (binary . 'a' 1) 2)) (; (binary . 'a' (binary + 1 2))) (; (binary . 'a' (- "
                "1))) (; (binary . 'a' (binary * 2 3)))"},
        {"'a' . 1 << 2;", "(; (UNSUPPORTED PHP 7 and PHP 8 order . and + differently))"},
        {"1 << 2 . 'a';", "(; (UNSUPPORTED PHP 7 and PHP 8 order . and + differently))"},
        {"'a' . $b - 1 . 'c';", "(; (binary . (UNSUPPORTED PHP 7 and PHP 8 order . and + differently) 'c'))"},
        {"$a ? 1 : 2; $a ?: 2; $a ?: $b ?: $c; $a ? $b ? 1 : 2 : 3; ($a ? 1 : 2) ? 3 : 4; $a ? 1 : ($b ? 2 : "
         "3);",
                "(; (?: $a 1 2)) (; (?: $a - 2)) (; (?: (?: $a - $b) - $c)) (; (?: $a (?: $b 1 2) 3)) (; (?: "
                "(?: $a 1 2) 3 4)) (; (?: $a 1 (?: $b 2 3)))"},
        {"$a ? 1 : $b ? 2 : 3;", "(; (UNSUPPORTED nested ?: without parentheses))"},
        {"$a ?: $b ? 1 : 2;", "(; (UNSUPPORTED nested ?: without parentheses))"},
        {"$a == 1 == 2;", "ERR line 1, column 15: two comparisons in a row"},
        {"$a < 1 < 2;", "ERR line 1, column 14: two comparisons in a row"},
        {"2 ** $a instanceof B;", "(; (UNSUPPORTED instanceof behind **))"},
        {"$a = 1 and $b; $a = true or f(); $a xor $b; $a = $b && $c;",
                "(; (binary && (= $a 1) $b)) (; (binary || (= $a true) (call (function-name f)))) (; (binary "
                "xor $a $b)) (; (= $a (binary && $b $c)))"},
        {"!$a = f(); $a && $b = 1 && 2; $a + $b = 3; -$a = 2;",
                "(; (! (= $a (call (function-name f))))) (; (binary && $a (= $b (binary && 1 2)))) (; "
                "(binary + $a (= $b 3))) (; (- (= $a 2)))"},
        {"$a = $b = 1; $a .= 'x'; $a ?\?= 1; $a **= 2; $a <<= 1; $a =& $b; [$a, $b] = [$b, $a];",
                "(; (= $a (= $b 1))) (; (operator= . $a 'x')) (; (operator= ?? $a 1)) (; (operator= ** $a "
                "2)) (; (operator= << $a 1)) (; (=& $a $b)) (; (= (list (element - $a) (element - $b)) "
                "(array (element - $b) (element - $a))))"},
        {"$a += 1; $a -= 1; $a *= 1; $a /= 1; $a %= 1; $a &= 1; $a |= 1; $a ^= 1; $a >>= 1;",
                "(; (operator= + $a 1)) (; (operator= - $a 1)) (; (operator= * $a 1)) (; (operator= / $a 1)) "
                "(; (operator= % $a 1)) (; (operator= & $a 1)) (; (operator= | $a 1)) (; (operator= ^ $a 1)) "
                "(; (operator= >> $a 1))"},
        {"++$a; $a++; --$a->b; $a['x']--; +$a; ~$a;",
                "(; (++ prefix $a)) (; (++ $a)) (; (++ prefix decrement (-> $a 'b'))) (; (++ decrement "
                "(offset $a 'x'))) (; (+ $a)) (; (~ $a))"},
        {"(int) $a; (integer) $a; (BOOL) $a; (boolean) $a; (float) $a; (double) $a; (string) $a->b['c']; "
         "(array) f(); (object) []; (binary) $a; ( int ) $a;",
                "(; (cast int $a)) (; (cast int $a)) (; (cast bool $a)) (; (cast bool $a)) (; (cast float "
                "$a)) (; (cast float $a)) (; (cast string (offset (-> $a 'b') 'c'))) (; (cast array (call "
                "(function-name f)))) (; (cast object (array))) (; (cast string $a)) (; (cast int $a))"},
        {"(unset) $a;", "(; (UNSUPPORTED the cast (unset), which PHP 8 does not know))"},
        {"(real) $a;", "(; (UNSUPPORTED the cast (real), which PHP 8 does not know))"},
        {"(string) $a . 'b'; (int) $a + 1; !(bool) $a; (int) -$a;",
                "(; (binary . (cast string $a) 'b')) (; (binary + (cast int $a) 1)) (; (! (cast bool $a))) "
                "(; (cast int (- $a)))"},
        {"f() = 1;", "(; (= (UNSUPPORTED an assignment to what is no variable) 1))"},
        {"(int) $a = 1;", "(; (= (UNSUPPORTED an assignment to what is no variable) 1))"},
        {"print 'a' . 'b'; print 1 and 2;",
                "(; (print (binary . 'a' 'b'))) (; (UNSUPPORTED print with and, or or xor))"},
        {"@f()['x'] ?? 1; clone $a->b; throw $e;", "(; (binary ?? (@ (offset (call (function-name f)) 'x')) "
                                                   "1)) (; (clone (-> $a 'b'))) (; (throw $e))"},
};

static const struct ast_case variables_cases[] = {
        {"$a; $$a; ${'a' . 1}; $this->p; $a->$b; $a->{'x' . 1}; $a->{x}; $a?->b; $a->b->c;",
                "(; $a) (; ($$ $a)) (; ($$ (binary . 'a' 1))) (; (-> $this 'p')) (; (-> $a $b)) (; (-> $a "
                "(binary . 'x' 1))) (; (-> $a (constant x))) (; (-> ? $a 'b')) (; (-> (-> $a 'b') 'c'))"},
        {"$a[1]; $a['x']['y']; f()[0]; 'abc'[1]; [1, 2][0]; A::B[0]; $a[] = 1;",
                "(; (offset $a 1)) (; (offset (offset $a 'x') 'y')) (; (offset (call (function-name f)) 0)) "
                "(; (offset 'abc' 1)) (; (offset (array (element - 1) (element - 2)) 0)) (; (offset (:: B "
                "(class-name A)) 0)) (; (= (offset $a -) 1))"},
        {"A::$b; static::$c; $a::$d; self::$e['x'];",
                "(; (::$ b (class-name A))) (; (::$ c (class-name static))) (; (::$ d $a)) (; (offset (::$ e "
                "(class-name self)) 'x'))"},
        {"A::$$b;", "(; (UNSUPPORTED a static property whose name is computed))"},
        {"A::B; self::C; parent::D; STATIC::E; A::class; A::CLASS; $a::F; \\N\\A::class;",
                "(; (:: B (class-name A))) (; (:: C (class-name self))) (; (:: D (class-name parent))) (; "
                "(:: E (class-name static))) (; (:: class (class-name A))) (; (:: class (class-name A))) (; "
                "(:: F $a)) (; (:: class (class-name N\\A)))"},
        {"[$a, , $b] = $c; list(, $a) = $b; ['x' => $a, 'y' => [$b, $c]] = $d; [$a, ] = $b; list('k' => "
         "list($a)) = $b; [$a->b, $c['d'], A::$e] = $f; [&$a] = $b;",
                "(; (= (list (element - $a) - (element - $b)) $c)) (; (= (list - (element - $a)) $b)) (; (= "
                "(list (element 'x' $a) (element 'y' (list (element - $b) (element - $c)))) $d)) (; (= (list "
                "(element - $a)) $b)) (; (= (list (element 'k' (list (element - $a)))) $b)) (; (= (list "
                "(element - (-> $a 'b')) (element - (offset $c 'd')) (element - (::$ e (class-name A)))) "
                "$f)) (; (= (list (element & - $a)) $b))"},
        {"[1, 'k' => 2, &$a, ...$b, 'r' => &$c]; array(1, 'x' => array()); [];",
                "(; (array (element - 1) (element 'k' 2) (element & - $a) (element ... - $b) (element & 'r' "
                "$c))) (; (array (element - 1) (element 'x' (array)))) (; (array))"},
        {"isset($a, $b['c']); empty($a); unset($a, $b->c); ISSET($a);",
                "(; (isset $a (offset $b 'c'))) (; (empty $a)) (unset $a (-> $b 'c')) (; (isset $a))"},
};

static const struct ast_case calls_cases[] = {
        {"f(1, $a); f(...$a); f(name: 1, array: 2); f(...); $f(1); ($f)(); (function () {})(); 'f'(1); [$a, "
         "'m']();",
                "(; (call (function-name f) (arg 1) (arg $a))) (; (call (function-name f) (arg ... $a))) (; "
                "(call (function-name f) (arg name 1) (arg array 2))) (; (call (function-name f) ((...)))) "
                "(; (call $f (arg 1))) (; (call $f)) (; (call (closure (function (block))))) (; (call 'f' "
                "(arg 1))) (; (call (array (element - $a) (element - 'm'))))"},
        {"$a->m(1)->n(); $a->$m(); $a->{'m' . 1}(); $a?->m(); $a->m(...); $a->list(); $a->class;",
                "(; (->() (->() $a 'm' (arg 1)) 'n')) (; (->() $a $m)) (; (->() $a (binary . 'm' 1))) (; "
                "(->() ? $a 'm')) (; (->() $a 'm' ((...)))) (; (->() $a 'list')) (; (-> $a 'class'))"},
        {"A::m(1); self::m(); parent::__construct($a); static::m(...); $a::m(); A::$m(); A::{'m'}(); (new "
         "A())->m();",
                "(; (::() (class-name A) 'm' (arg 1))) (; (::() (class-name self) 'm')) (; (::() (class-name "
                "parent) '__construct' (arg $a))) (; (::() (class-name static) 'm' ((...)))) (; (::() $a "
                "'m')) (; (::() (class-name A) $m)) (; (::() (class-name A) 'm')) (; (->() (new (class-name "
                "A)) 'm'))"},
        {"new A; new A(1, ...$b); new $c(1); new static; new self(); new ($a . 'b')(1); new \\N\\A; new "
         "$a->b; new $a['x'](1);",
                "(; (new (class-name A))) (; (new (class-name A) (arg 1) (arg ... $b))) (; (new $c (arg 1))) "
                "(; (new (class-name static))) (; (new (class-name self))) (; (new (binary . $a 'b') (arg "
                "1))) (; (new (class-name N\\A))) (; (new (-> $a 'b'))) (; (new (offset $a 'x') (arg 1)))"},
        {"new class(1) extends A implements I { public $p = 1; };",
                "(; (new (class extends A implements I (property public p 1)) (arg 1)))"},
        {"exit; die('x'); exit(1); $a or die; eval('1');",
                "(; (exit -)) (; (exit 'x')) (; (exit 1)) (; (binary || $a (exit -))) (; (UNSUPPORTED "
                "eval()))"},
        {"`ls $a`;", "(; (UNSUPPORTED a shell command in backticks))"},
        {"f(&$a);", "(; (call (function-name f) (UNSUPPORTED & in front of an argument)))"},
        {"include 'a' . 'b'; include_once $a; require __DIR__ . '/x'; require_once('y');",
                "(; (include include (binary . 'a' 'b'))) (; (include include_once $a)) (; (include require "
                "(binary . (magic __DIR__) '/x'))) (; (include require_once 'y'))"},
        {"__LINE__; __file__; __DIR__; __FUNCTION__; __CLASS__; __METHOD__; __NAMESPACE__; __TRAIT__;",
                "(; (magic __LINE__)) (; (magic __FILE__)) (; (magic __DIR__)) (; (magic __FUNCTION__)) (; "
                "(magic __CLASS__)) (; (magic __METHOD__)) (; (magic __NAMESPACE__)) (; (magic __TRAIT__))"},
        {"match ($a) { 1, 2 => 'x', $b => 'y', default => throw new E(), };",
                "(; (match $a (arm 'x' 1 2) (arm 'y' $b) (arm (throw (new (class-name E))))))"},
        {"match (true) {};", "(; (match true))"},
};

static const struct ast_case functions_cases[] = {
        {"function f(int $a, ?A $b = null, string|int $c = 1, &$d, self ...$e): ?array { return $a; }",
                "(function f : ?array (block (return $a)) (param a : int -) (param b : ?A null) (param c : "
                "string|int 1) (param & d -) (param variadic e : self -))"},
        {"function &g(): \\A\\B { return; }", "(function returns& g : A\\B (block (return -)))"},
        {"static function ($a) use ($b, &$c): void {}; fn($x) => $x + 1; static fn(): int => 1; fn() => $a "
         "and $b;",
                "(; (closure static (function : void (block) (param a -)) (use b) (use & c))) (; (arrow "
                "(function (block (return (binary + $x 1))) (param x -)))) (; (arrow static (function : int "
                "(block (return 1))))) (; (UNSUPPORTED an arrow function with and, or or xor))"},
        {"function g() { if (false) { yield 1; } return 2; } function h() { $f = function () { yield; }; "
         "return $f; }",
                "(function g (block (UNSUPPORTED a generator (yield)))) (function h (block (; (= $f (closure "
                "(function (block (UNSUPPORTED a generator (yield))))))) (return $f)))"},
        {"#[Attribute(1)] function a(#[B] $c) {}", "(function a (block) (param c -))"},
        {"function t(A|B $a, A&I $b, iterable $c, INT $d, callable $e, (A&B)|null $f): static {}",
                "(function t : static (block) (param a : A|B -) (param b : A&I -) (param c : iterable -) "
                "(param d : int -) (param e : callable -) (param f : (A&B)|null -))"},
};

static const struct ast_case classes_cases[] = {
        {"abstract class A extends B implements I, \\J { const X = 1, Y = self::X; private const Z = 'z'; "
         "public $a, $b = [1]; protected static ?int $c = null; var $d; abstract protected function m(); "
         "final public static function n(): self { return new self(); } function o() {} }",
                "(class abstract A extends B implements I implements J (const public X 1) (const public Y "
                "(:: X (class-name self))) (const private Z 'z') (property public a -) (property public b "
                "(array (element - 1))) (property static protected c : ?int null) (property public d -) "
                "(method abstract protected (function m -)) (method static final public (function n : self "
                "(block (return (new (class-name self)))))) (method public (function o (block))))"},
        {"interface I extends J, K { const A = 1; public function m(int $a): void; }",
                "(class interface I implements J implements K (const public A 1) (method public (function m "
                ": void - (param a : int -))))"},
        {"trait T { use U, \\V; private $x; }",
                "(class trait T (uses (class-name U) (class-name V)) (property private x -))"},
        {"class A { use T { T::a as b; } use U {} }", "(class A (uses (class-name T)) (UNSUPPORTED trait "
                                                      "adaptations (insteadof, as)) (uses (class-name U)))"},
        {"final class P { public function __construct(private readonly int $a, protected ?B $b = null, "
         "public $c = 1) {} }",
                "(class final P (method public (function __construct (block) (param private readonly a : int "
                "-) (param protected b : ?B null) (param public c 1))))"},
        {"readonly class R { public readonly int $x; }",
                "(class readonly R (property public readonly x : int -))"},
        {"enum E { case A; }", "(UNSUPPORTED enum)"},
        {"class A { public int $x { get => 1; } }", "(class A (UNSUPPORTED property hooks))"},
        {"const A = 1, B = 'x';", "(const A 1) (const B 'x')"},
};

static const struct ast_case statements_cases[] = {
        {"if ($a) { f(); } elseif ($b) g(); else if ($c) h(); else { i(); }",
                "(if $a (block (; (call (function-name f)))) (if $b (block (; (call (function-name g)))) "
                "(block (if $c (block (; (call (function-name h)))) (block (; (call (function-name "
                "i))))))))"},
        {"if ($a): f(); elseif ($b): g(); else: h(); i(); endif;",
                "(if $a (block (; (call (function-name f)))) (if $b (block (; (call (function-name g)))) "
                "(block (; (call (function-name h))) (; (call (function-name i))))))"},
        {"if ($a);", "(if $a (block) -)"},
        {"while ($a) f(); while ($a): f(); g(); endwhile; do { f(); } while ($a); do f(); while (0);",
                "(while $a (block (; (call (function-name f))))) (while $a (block (; (call (function-name "
                "f))) (; (call (function-name g))))) (do (block (; (call (function-name f)))) $a) (do (block "
                "(; (call (function-name f)))) 0)"},
        {"for ($i = 0, $j = 1; $i < 3, $j; $i++, $j--) f(); for (;;) { break; } for ($i = 0; $i < 1; ++$i); "
         "for (;;): f(); g(); endfor;",
                "(for (block (= $i 0) (= $j 1)) (block (binary < $i 3) $j) (block (++ $i) (++ decrement $j)) "
                "(block (; (call (function-name f))))) (for - - - (block (block (break)))) (for (block (= $i "
                "0)) (block (binary < $i 1)) (block (++ prefix $i)) (block)) (for - - - (block (; (call "
                "(function-name f))) (; (call (function-name g)))))"},
        {"foreach ($a as $b) f(); foreach ($a as $k => $v) {} foreach ($a as &$b) {} foreach ($a as $k => "
         "&$v) {} foreach ($a as [$x, 'y' => $y]) {} foreach ($a as $k => list($x)) {} foreach (f() as "
         "$a->b): g(); endforeach; foreach ($a as $b);",
                "(foreach $a - $b (block (; (call (function-name f))))) (foreach $a $k $v (block)) (foreach "
                "& $a - $b (block)) (foreach & $a $k $v (block)) (foreach $a - (list (element - $x) (element "
                "'y' $y)) (block)) (foreach $a $k (list (element - $x)) (block)) (foreach (call "
                "(function-name f)) - (-> $a 'b') (block (; (call (function-name g))))) (foreach $a - $b "
                "(block))"},
        {"switch ($a) { case 1: case 2: f(); break; default: g(); } switch ($a): case 'x'; f(); endswitch; "
         "switch ($a) {}",
                "(switch $a (case 1) (case 2 (; (call (function-name f))) (break)) (case - (; (call "
                "(function-name g))))) (switch $a (case 'x' (; (call (function-name f))))) (switch $a)"},
        {"try { f(); } catch (A | \\B $e) { g(); } catch (C) { } finally { h(); }",
                "(try (block (; (call (function-name f)))) (block (; (call (function-name h)))) (catch e "
                "(block (; (call (function-name g)))) (class-name A) (class-name B)) (catch (block) "
                "(class-name C)))"},
        {"while (1) { while (1) { break 2; continue 2; continue; } }",
                "(while 1 (block (while 1 (block (break 2) (continue 2) (continue)))))"},
        {"while (1) { break $a; }", "(while 1 (block (UNSUPPORTED break with this operand)))"},
        {"echo 1, 'a', $b; return; return 1; static $a = 1, $b; global $c; ; {f(); {}}",
                "(echo 1 'a' $b) (return -) (return 1) (static a 1) (static b -) (global $c) (block (; (call "
                "(function-name f))) (block))"},
        {"goto x; x: f();", "(UNSUPPORTED goto) (UNSUPPORTED goto) (; (call (function-name f)))"},
        {"declare(strict_types=1); f();", "(; (call (function-name f)))"},
        {"declare(ticks=1); f();", "(UNSUPPORTED this declare()) (; (call (function-name f)))"},
        {"throw new A('x'); $a ?? throw new B();",
                "(; (throw (new (class-name A) (arg 'x')))) (; (binary ?? $a (throw (new (class-name B)))))"},
        {"// a\n# b\n/* c */ f(/* d */ 1 /* e */, $a /* f */);",
                "(; (call (function-name f) (arg 1) (arg $a)))"},
        {"f(); ?>", "(; (call (function-name f)))"},
};

static const struct ast_case names_cases[] = {
        {"namespace N\\M; use A\\B as C, D\\E; use function F\\g as h; use const I\\J; new C; new c\\X; new "
         "E; new K; new \\L; new namespace\\O; h(); H(); g(); C\\g(); J; j; \\p(); K\\q; namespace\\r(); "
         "E\\S;",
                "(; (new (class-name A\\B))) (; (new (class-name A\\B\\X))) (; (new (class-name D\\E))) (; "
                "(new (class-name N\\M\\K))) (; (new (class-name L))) (; (new (class-name N\\M\\O))) (; "
                "(call (function-name F\\g))) (; (call (function-name F\\g))) (; (call (function-name "
                "N\\M\\g or g))) (; (call (function-name A\\B\\g))) (; (constant I\\J)) (; (constant N\\M\\j "
                "or j)) (; (call (function-name p))) (; (constant N\\M\\K\\q)) (; (call (function-name "
                "N\\M\\r))) (; (constant D\\E\\S))"},
        {"use A\\{B, C\\D as E, function f, const G}; new B; new E; f(); G; new F;",
                "(; (new (class-name A\\B))) (; (new (class-name A\\C\\D))) (; (call (function-name A\\f))) "
                "(; (constant A\\G)) (; (new (class-name F)))"},
        {"use function a, b\\c; a(); c(); use \\X\\Y; new y;",
                "(; (call (function-name a))) (; (call (function-name b\\c))) (; (new (class-name X\\Y)))"},
        {"namespace N; class A extends B implements C { function m(self $a, D $b, \\E $c, string $d): "
         "?static {} } function f() {} const X = 1; f(); X; strlen(1); PHP_EOL; true; NULL;",
                "(class N\\A extends N\\B implements N\\C (method public (function m : ?static (block) "
                "(param a : self -) (param b : N\\D -) (param c : E -) (param d : string -)))) (function "
                "N\\f (block)) (const N\\X 1) (; (call (function-name N\\f or f))) (; (constant N\\X or X)) "
                "(; (call (function-name N\\strlen or strlen) (arg 1))) (; (constant N\\PHP_EOL or PHP_EOL)) "
                "(; true) (; null)"},
        {"namespace N { f(); }", "(; (call (function-name N\\f or f)))"},
        {"namespace N; f(); namespace O; g();",
                "(; (call (function-name N\\f or f))) (UNSUPPORTED a second namespace in one file)"},
        {"namespace { new A; }", "(; (new (class-name A)))"},
        {"new SELF; Parent::m(); new \\self;",
                "(; (new (class-name self))) (; (::() (class-name parent) 'm')) (; (new (class-name self)))"},
};

#define TEST_CASES(name)                                                                                     \
        static void test_##name(void **state)                                                                \
        {                                                                                                    \
                (void)state;                                                                                 \
                check_cases(name##_cases, ARRAY_SIZE(name##_cases));                                         \
        }
TEST_CASES(literals)
TEST_CASES(interpolation)
TEST_CASES(heredocs)
TEST_CASES(operators)
TEST_CASES(variables)
TEST_CASES(calls)
TEST_CASES(functions)
TEST_CASES(classes)
TEST_CASES(statements)
TEST_CASES(names)

static void test_file(void **state)
{
        (void)state;
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_file_freep) struct php_file *file =
                read_source("declare(strict_types=1);\nnamespace A\\B;\n\nf(\n 1);\n", &err);
        assert_non_null(file);
        assert_string_equal(file->path, "Version1.php");
        assert_string_equal(file->namespace, "A\\B");
        assert_true(file->strict_types);
        assert_int_equal(file->root->count, 1);
        assert_int_equal(file->root->children[0]->line, 4);
        assert_int_equal(file->root->children[0]->end_line, 5);

        _cleanup_(php_file_freep) struct php_file *plain = read_source("declare(strict_types=0);", &err);
        assert_non_null(plain);
        assert_string_equal(plain->namespace, "");
        assert_false(plain->strict_types);
}

static void test_errors(void **state)
{
        static const struct {
                const char *source, *message;
        } cases[] = {
                {"<?php\n f(;\n", "line 2, column 4: missing \")\""},
                {"f();", "line 1, column 1: missing \"<?php\""},
                {"", "line 1, column 1: missing \"<?php\""},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                struct php_file *file = NULL;
                assert_int_equal(
                        php_file_read("x", cases[i].source, strlen(cases[i].source), &file, &err), -1);
                assert_null(file);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
                assert_string_equal(error_message(&err), cases[i].message);
        }
}

struct nesting {
        const char *begin, *open, *middle, *close, *end;
};

static char *nest(const struct nesting *nesting, size_t levels)
{
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append_string(&out, nesting->begin);
        for (size_t i = 0; i < levels; i++)
                buffer_append_string(&out, nesting->open);
        buffer_append_string(&out, nesting->middle);
        for (size_t i = 0; i < levels; i++)
                buffer_append_string(&out, nesting->close);
        buffer_append_string(&out, nesting->end);
        return buffer_steal(&out);
}

static void check_depth(const struct nesting *nesting, size_t levels, bool is_taken)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *source = nest(nesting, levels);
        _cleanup_(php_file_freep) struct php_file *file = read_source(source, &err);
        if ((file != NULL) != is_taken)
                fail_msg("%zu times \"%s\": %s", levels, nesting->open, error_message(&err));
        if (!file)
                assert_non_null(strstr(error_message(&err), "nested deeper than 500 levels"));
}

/* However something nests: a limit, and no overflow of the stack. */
static void test_depth(void **state)
{
        static const struct nesting cases[] = {
                {"$a = ", "[", "1", "]", ";"},
                {"$a = ", "!", "1", "", ";"},
                {"$a = ", "f(", "1", ")", ";"},
                {"$a = 1", " . 1", "", "", ";"},
                {"$a = $b", "->c()", "", "", ";"},
                {"", "{", "f();", "}", ""},
                {"", "if (1) {", "f();", "}", ""},
                {"if (1) {}", " elseif (2) {}", "", "", ""},
                {"", "if (1) {} else ", "f();", "", ""},
                {"foreach ($b as ", "[", "$a", "]", ");"},
                {"$a = ", "fn() => ", "1", "", ";"},
                {"$a = ", "function () { return ", "1", "; }", ";"},
                {"$a = ", "(int) ", "1", "", ";"},
                {"$a = ", "2 ** ", "1", "", ";"},
                {"$a = \"", "{$b[\"", "x", "\"]}", "\";"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                check_depth(&cases[i], 3000, false);
                check_depth(&cases[i], 100, true);
        }
        check_depth(&(struct nesting){"", "(", "1", ")", ";"}, 2000, true);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_literals),
                cmocka_unit_test(test_interpolation),
                cmocka_unit_test(test_heredocs),
                cmocka_unit_test(test_operators),
                cmocka_unit_test(test_variables),
                cmocka_unit_test(test_calls),
                cmocka_unit_test(test_functions),
                cmocka_unit_test(test_classes),
                cmocka_unit_test(test_statements),
                cmocka_unit_test(test_names),
                cmocka_unit_test(test_file),
                cmocka_unit_test(test_errors),
                cmocka_unit_test(test_depth),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
