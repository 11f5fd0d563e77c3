<?php
class A { function __call($n, $a) { return [$n, $a];
} static function __callStatic($n, $a) { return ['static', $n, $a];
} } show((new A)->foo(1, 2), A::bar(3));
$f = [new A, 'x'];
show($f(9));
show(call_user_func(['A', 'q'], 1));
