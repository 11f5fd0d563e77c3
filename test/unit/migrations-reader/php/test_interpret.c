/* SPDX-License-Identifier: GPL-3.0-or-later */

/* How runs end, and what hosts may ask of one. What PHP code does: test_language, test_calls, test_classes.
 */

#include "test/unit/migrations-reader/php/snippet.h"

#define SETTINGS ": what happens then depends on PHP's error settings"

static const struct snippet_case stops[] = {
        {"undefined variable", "\nshow($a);", "needs_php 2: undefined variable $a" SETTINGS},
        {"undefined key", "$a = []; show($a['x']);", "needs_php 1: undefined array key \"x\"" SETTINGS},
        {"undefined offset", "$a = [1]; show($a[3]);", "needs_php 1: undefined array key 3" SETTINGS},
        {"undefined property", "$o = new stdClass; show($o->x);",
                "needs_php 1: undefined property stdClass::$x" SETTINGS},
        {"undefined counter", "$a = []; $a['n']++;", "needs_php 1: undefined array key \"n\"" SETTINGS},
        {"array as text", "show('x' . [1]);", "needs_php 1: Array to string conversion" SETTINGS},
        {"offset of a number", "$a = 5; show($a['x']);",
                "needs_php 1: an offset of a value of type int" SETTINGS},
        {"foreach over a number", "foreach (5 as $x) { }",
                "needs_php 1: foreach over a value of type int" SETTINGS},
        {"element of a number", "$a = 5; $a['x'] = 1;",
                "needs_php 1: writing an element of a value of type int"},
        {"property of null", "$a = null; $a->x = 1;",
                "needs_php 1: writing a property of a value that is no object, which PHP 7 and PHP 8 "
                "disagree about"},
        {"number and text", "show(0 == 'a');",
                "needs_php 1: an operation that PHP 7 and PHP 8 disagree about"},
        {"number in text", "show('5 apples' + 1);",
                "needs_php 1: a number made of a text that only begins like one" SETTINGS},
        {"number in an argument", "function f(int $i) { } f('5 apples');",
                "needs_php 1: a string that only begins like a number, where PHP 7 and PHP 8 disagree"},
        {"static call of a method", "class A { function m() { } } A::m();",
                "needs_php 1: a static call of method A::m(), which PHP 7 and PHP 8 disagree about"},
        {"inherited static variable",
                "class A { function m() { static $n = 0; return ++$n; } } class B extends A { } (new "
                "B)->m();",
                "needs_php 1: a static variable in an inherited method, which PHP 7 and PHP 8 disagree "
                "about"},
        {"generator", "function g() { show('in'); yield 1; } foreach (g() as $x) { }",
                "needs_php 1: a generator (yield)"},
        {"goto", "goto end; end: show(1);", "needs_php 1: goto"},
        {"exit", "show(1);\n\nexit(1);", "1 needs_php 3: exit"},
        {"include", "require 'x.php';", "needs_php 1: require"},
        {"shell", "$x = `ls`;", "needs_php 1: a shell command in backticks"},
        {"unreached", "if (false) { goto end; eval('x'); } show('ok');", "\"ok\""},
        {"global", "function f() { global $x; } f();", "needs_php 1: global"},
        {"superglobal", "show($_SERVER['argv']);", "needs_php 1: $_SERVER"},
        {"unknown function", "nope();", "needs_php 1: function nope()"},
        {"unknown function by name", "$f = 'nope'; $f();", "needs_php 1: function nope()"},
        {"unknown constant", "show(NOPE);", "needs_php 1: constant NOPE"},
        {"unknown class", "namespace A;\nnew B\\C;", "needs_php 2: class A\\B\\C"},
        {"unknown parent", "class A extends Nope { } new A;", "needs_php 1: class Nope"},
        {"unknown interface",
                "class A implements Nope { } $a = new A; show($a instanceof Nope, $a instanceof A);"
                "show($a instanceof Other);",
                "true true needs_php 1: whether a A is a Other"},
        {"method of a host", "(new Exception)->nope();", "needs_php 1: method Exception::nope()"},
        {"destructor", "class A { function __destruct() { } } new A;", "needs_php 1: __destruct of class A"},
        {"clone of a closure", "$f = fn() => 1; clone $f;", "needs_php 1: a clone of Closure"},
        {"property of a host", "$e = new Exception('m'); show($e->message);",
                "needs_php 1: property Exception::$message from outside"},
        {"reference to a result", "function &f() { static $a = 1; return $a; } $x = &f();",
                "needs_php 1: a reference to a value that is no variable"},
        {"result by reference", "function f() { return [1]; } show(end(f()));",
                "needs_php 1: a result given by reference" SETTINGS},
        {"abstract method", "interface I { function m(); } class A implements I { } new A;",
                "error 1: Class A does not implement the abstract method I::m()"},
        {"final class", "final class A { } class B extends A { } new B;", "error 1: Class B cannot extend A"},
        {"class twice", "class A { } if (true) { class A { } } new A;",
                "error 1: Cannot declare class A, because the name is already in use"},
        {"assignment to this", "class A { function m() { $this = 1; } } (new A)->m();",
                "error 1: Cannot assign to this expression"},
        {"thrown through a host", "array_map(function () { throw new LogicException('in'); }, [1]);",
                "LogicException: in"},
        {"stopped through a host", "array_map(function () { return $nope; }, [1]);",
                "needs_php 1: undefined variable $nope" SETTINGS},
        {"no stop is caught",
                "try { nope(); } catch (Throwable $e) { show('caught'); } finally { show('finally'); }",
                "needs_php 1: function nope()"},
        {"syntax", "function (", "syntax: line 1, column 7: unexpected word"},
};

static void test_stops(void **state)
{
        (void)state;
        check_snippets(stops, ARRAY_SIZE(stops));
}

static const struct snippet_case bounds[] = {
        {"steps", "while (true) { }", "limit 1: more steps than a migration may take"},
        {"recursion", "function f() { return f(); } f();",
                "limit 1: calls and expressions nested deeper than a migration may have"},
        {"recursion through hosts", "function f($x) { return array_map('f', [1]); } f(1);",
                "limit 1: calls and expressions nested deeper than a migration may have"},
        {"recursion through magic", "class A { function __get($n) { return (new A)->x; } } (new A)->x;",
                "limit 1: calls and expressions nested deeper than a migration may have"},
        {"memory in one text", "for ($s = 'x'; true; $s .= $s) { }",
                "limit 1: more memory than a migration may take"},
        {"memory in an array", "for ($a = []; true; $a[] = [1]) { }",
                "limit 1: more memory than a migration may take"},
        {"memory in objects", "for ($o = null; true; $o = $n) { $n = new stdClass; $n->o = $o; }",
                "limit 1: more memory than a migration may take"},
        {"deep data", "$a = []; for ($i = 0; $i < 2000; $i++) { $a = [$a]; } unset($a); show('gone');",
                "\"gone\""},
        {"deep exceptions",
                "$e = null; for ($i = 0; $i < 5000; $i++) { $e = new Exception('', 0, $e); } $e = null; "
                "show('gone');",
                "\"gone\""},
};

static void test_bounds(void **state)
{
        static const struct php_limits narrow = {.steps = 400000, .depth = 200, .memory = (size_t)8 << 20};
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
                _cleanup_free_ char *found = run_snippet_limited(bounds[i].source, narrow);
                if (strcmp(found, bounds[i].expected) != 0)
                        print_error("%s\n", bounds[i].name);
                assert_string_equal(found, bounds[i].expected);
        }
}

/* What circles of objects and references hold goes with the run. */
static void test_circles_are_freed(void **state)
{
        static const char *const circles[] = {
                "$o = new stdClass; $o->o = $o;",
                "$a = [1]; $a[] = &$a;",
                "$f = function () use (&$f) { return $f; };",
                ("class A { public static $all = []; public $f; function __construct() { self::$all[] = "
                 "$this;"
                 " $this->f = fn() => $this; } } new A; new A;"),
                "$a = new stdClass; $b = new stdClass; $a->b = $b; $b->a = [&$a]; throw new Exception('x');",
                "function s() { static $x; $x = function () use (&$x) { }; } s();",
        };
        (void)state;
        size_t before = php_memory_used();
        for (size_t i = 0; i < ARRAY_SIZE(circles); i++) {
                free(run_snippet(circles[i]));
                assert_int_equal(php_memory_used(), before);
        }
}

/* ---- the run as a host sees it ---- */

struct world {
        struct php_file *files[2];
        struct php_run *run;
        int loads;
};

static struct php_file *read_file(const char *source)
{
        _cleanup_error_ struct error err = {0};
        struct php_file *file = NULL;
        if (php_file_read("world.php", source, strlen(source), &file, &err) < 0)
                fail_msg("%s", error_message(&err));
        return file;
}

static int load(void *context, const char *name, struct php_file **ret, struct error *err)
{
        struct world *world = context;
        world->loads++;
        if (strcmp(name, "Lib\\Broken") == 0)
                return error_set(err, REASON_INVALID_ARGUMENT, "no way to read it");
        if (strcmp(name, "Lib\\Base") != 0)
                return 1;
        *ret = read_file("<?php namespace Lib; abstract class Base { protected $p = 'base';"
                         " public function name() { return static::class . $this->p; } }");
        return 0;
}

static void open_world(struct world *world, const char *source)
{
        world->files[0] = read_file(source);
        world->run = php_run_new(PHP_LIMITS_DEFAULT, load, world);
        php_add_standard(world->run);
        assert_int_equal(php_run_file(world->run, world->files[0]), PHP_OK);
}

static void close_world(struct world *world)
{
        php_run_free(world->run);
        php_file_free(world->files[0]);
}

static void test_host_calls(void **state)
{
        struct world world = {0};
        (void)state;
        open_world(&world,
                "<?php class M extends Lib\\Base { private $secret = 1; public $seen;"
                " private function hidden($a, $b = 2) { $this->seen = [$a, $b]; return $a + $b; } }");
        struct php_value object = PHP_NULL_VALUE, result = PHP_NULL_VALUE, argument = php_int(5);
        assert_int_equal(php_new(world.run, "M", NULL, 0, &object), PHP_OK);
        assert_int_equal(world.loads, 1);
        assert_string_equal(php_class_of(object), "M");
        assert_true(php_instance_of(world.run, object, "lib\\base"));
        assert_false(php_instance_of(world.run, object, "Exception"));
        assert_int_equal(php_call_method(world.run, object, "HIDDEN", &argument, 1, &result), PHP_OK);
        assert_int_equal(result.integer, 7);
        assert_int_equal(php_array_count(*php_property(object, "seen")), 2);
        assert_int_equal(php_property(object, "secret")->integer, 1);
        php_set_property(object, "p", php_text("!"));
        assert_int_equal(php_call_method(world.run, object, "name", NULL, 0, &result), PHP_OK);
        assert_true(php_string_is(result, "M!"));
        assert_true(php_has_user_method(world.run, object, "name"));
        assert_false(php_has_method(world.run, object, "nope"));
        assert_null(php_property(object, "nope"));
        php_release(result);
        php_release(object);
        close_world(&world);
}

static void test_loader(void **state)
{
        struct world world = {0};
        (void)state;
        open_world(&world, "<?php ");
        struct php_value object = PHP_NULL_VALUE;
        assert_int_equal(php_new(world.run, "Lib\\Broken", NULL, 0, &object), PHP_STOPPED);
        const struct php_stop *stop = php_run_stop(world.run);
        assert_int_equal(stop->kind, PHP_STOP_FAILED);
        assert_int_equal(stop->error.reason, REASON_INVALID_ARGUMENT);
        assert_string_equal(stop->message, "no way to read it");
        /* A run that has stopped stays stopped, for its first reason. */
        assert_int_equal(php_new(world.run, "Lib\\None", NULL, 0, &object), PHP_STOPPED);
        assert_string_equal(php_run_stop(world.run)->message, "no way to read it");
        close_world(&world);
}

static int released;

static void release_thing(void *host)
{
        released++;
        free(host);
}

static void *clone_thing(const void *host)
{
        return memory_copy(host, 1);
}

static enum php_flow construct_thing(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &text);
        if (flow == PHP_OK)
                php_set_host_data(call->this, memory_copy(php_string_bytes(text), php_string_size(text)));
        return flow;
}

static enum php_flow thing_get(struct php_run *run, struct php_call *call)
{
        (void)run;
        return php_return(call, call->this_host ? php_text(call->this_host) : PHP_NULL_VALUE);
}

static enum php_flow thing_make(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_host_object(run, call->class_name, string_copy("made")));
}

static const struct php_host_method thing_methods[] = {
        {"get", thing_get, 0, 0, false, NULL}, {"make", thing_make, 0, 0, true, NULL}, {NULL}};
static const struct php_host_constant thing_constants[] = {
        {"NAME", PHP_TYPE_STRING, 0, "thing"}, {"NUMBER", PHP_TYPE_INT, 7, NULL}, {NULL}};
static const struct php_host_class thing_class = {.name = "Lib\\Thing",
        .interfaces = "Lib\\Named, Countable",
        .methods = thing_methods,
        .constants = thing_constants,
        .construct = construct_thing,
        .release = release_thing,
        .clone = clone_thing};
static const struct php_host_class child_class = {.name = "Lib\\Child", .parent = "Lib\\Thing"};

static void test_host_classes(void **state)
{
        static const struct {
                const char *source;
                const char *expected;
        } cases[] = {
                {"return (new Lib\\Thing('t'))->get();", "t"},
                {"return (new Lib\\Child('c'))->GET();", "c"},
                {"return Lib\\Thing::make()->get() . Lib\\Child::NAME . Lib\\Thing::NUMBER;", "madething7"},
                {"class U extends Lib\\Child { function get() { return 'u' . parent::get(); } }"
                 " return (new U('x'))->get();",
                        "ux"},
                {"class V extends Lib\\Thing { function __construct() { parent::__construct('v'); } }"
                 " $v = new V; return $v->get() . ($v instanceof Lib\\Named ? 'n' : '') . (clone $v)->get();",
                        "vnv"},
                {"class W extends Lib\\Thing { function __construct() { } } return (new W)->get() ?? 'none';",
                        "none"},
        };
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *source = string_format("<?php function f() { %s }", cases[i].source);
                struct php_file *file = read_file(source);
                struct php_run *run = php_run_new(PHP_LIMITS_DEFAULT, NULL, NULL);
                struct php_value name = php_text("f"), result = PHP_NULL_VALUE;
                /* A child may be registered before its parent. */
                php_run_add_class(run, &child_class);
                php_run_add_class(run, &thing_class);
                assert_int_equal(php_run_file(run, file), PHP_OK);
                if (php_call(run, name, NULL, 0, &result) != PHP_OK)
                        fail_msg("%s: %s", cases[i].source,
                                php_run_stop(run) ? php_run_stop(run)->message : "thrown");
                assert_string_equal(php_string_bytes(result), cases[i].expected);
                php_release(result);
                php_release(name);
                php_run_free(run);
                php_file_free(file);
        }
        assert_int_equal(released, 6);
}

/* A host may keep a value for longer than the run. */
static void test_values_outlive_runs(void **state)
{
        struct world world = {0};
        (void)state;
        open_world(&world, "<?php class K { public $a = ['x']; }");
        struct php_value object = PHP_NULL_VALUE;
        assert_int_equal(php_new(world.run, "K", NULL, 0, &object), PHP_OK);
        struct php_value kept = php_copy(*php_property(object, "a"));
        close_world(&world);
        assert_string_equal(php_class_of(object), "");
        assert_int_equal(php_array_count(kept), 1);
        php_release(object);
        php_release(kept);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stops),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_circles_are_freed),
                cmocka_unit_test(test_host_calls),
                cmocka_unit_test(test_loader),
                cmocka_unit_test(test_host_classes),
                cmocka_unit_test(test_values_outlive_runs),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
