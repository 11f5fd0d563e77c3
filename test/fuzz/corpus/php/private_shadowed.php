<?php
class A { private $p = 1;
function t(A $o) { return $o->p;
} } class B extends A { public $p = 2;
} $b = new B;
show($b->p, $b->t($b), (array)new A === ["\0A\0p" => 1]);
try { show((new A)->p);
} catch (Error $e) { show($e->getMessage());
}
