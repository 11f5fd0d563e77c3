/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expected results are those of PHP 8.2; what stops is told in words. */

#include "function_snippet.h"

static void test_exceptions(void **state)
{
        static const struct snippet snippets[] = {
                {"throw new InvalidArgumentException('bad', 3);", "throws InvalidArgumentException: bad"},
                {"try { throw new DomainException('m', 5, new Error('inner')); } catch (LogicException $e) { "
                 "return [get_class($e), $e->getMessage(), $e->getCode(), $e->getPrevious()->getMessage()]; "
                 "}",
                        "[0 => 'DomainException', 1 => 'm', 2 => 5, 3 => 'inner']"},
                {"$e = new Exception(); return [$e->getMessage(), $e->getCode(), $e->getPrevious(), $e "
                 "instanceof Throwable, $e instanceof Stringable];",
                        "[0 => '', 1 => 0, 2 => null, 3 => true, 4 => true]"},
                {"$e = new class('x') extends RuntimeException { protected $code = 7; public function "
                 "__construct($m) { parent::__construct($m . '!'); } public function both() { return "
                 "[$this->message, $this->code]; } }; return [$e->both(), $e->getCode()];",
                        "[0 => [0 => 'x!', 1 => 7], 1 => 7]"},
                {"$e = new class() extends Exception { protected $message = 'own'; public function "
                 "__construct() {} }; return [$e->getMessage(), $e->getCode()];",
                        "[0 => 'own', 1 => 0]"},
                {"$e = new ErrorException('m', 1, E_WARNING); return [$e->getSeverity(), $e->getMessage()];",
                        "[0 => 2, 1 => 'm']"},
                {"return [is_subclass_of('JsonException', 'Exception'), is_a(new DivisionByZeroError(), "
                 "'ArithmeticError'), is_a(new ArgumentCountError(), 'TypeError')];",
                        "[0 => true, 1 => true, 2 => true]"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_collections(void **state)
{
        static const struct snippet snippets[] = {
                {"$o = new ArrayObject(['a' => 1, 2]); $o[] = 3; $o['x'] = 'y'; unset($o['a']); $r = []; "
                 "foreach ($o as $k => $v) { $r[] = [$k, $v]; } return [$r, count($o), isset($o['x']), "
                 "$o->getArrayCopy()];",
                        "[0 => [0 => [0 => 0, 1 => 2], 1 => [0 => 1, 1 => 3], 2 => [0 => 'x', 1 => 'y']], 1 "
                        "=> 3, 2 => true, 3 => [0 => 2, 1 => 3, 'x' => 'y']]"},
                {"$i = new ArrayIterator([1, 2]); $r = []; foreach ($i as $k => $v) { $r[$k] = $v * 2; } "
                 "return [$r, count($i), $i->valid()];",
                        "[0 => [0 => 2, 1 => 4], 1 => 2, 2 => false]"},
                {"$o = new ArrayObject([1]); $p = clone $o; $p[] = 2; return [count($o), count($p)];",
                        "[0 => 1, 1 => 2]"},
                {"$o = new stdClass(); $o->a = 1; return $o->a;", "1"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

static void test_stops(void **state)
{
        static const struct snippet snippets[] = {
                {"return (new Exception('m'))->getLine();", "stops: the place where an exception was made"},
                {"return (string) new Exception('m');", "stops: the place where an exception was made"},
                {"return new ArrayObject(new stdClass());", "stops: a collection of anything but an array"},
                {"return (new ArrayObject([]))['none'];", "stops: a collection's key that is not there"},
                {"return clone new ArrayIterator([]);", "stops: a clone of ArrayIterator"},
                {"return new Exception('m', 0, 'x');", "stops: an exception whose cause is no exception"},
        };
        check_snippets(snippets, ARRAY_SIZE(snippets));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_exceptions),
                cmocka_unit_test(test_collections),
                cmocka_unit_test(test_stops),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
