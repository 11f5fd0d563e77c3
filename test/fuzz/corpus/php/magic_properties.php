<?php
class A { private $p = 1;
protected $q = 2;
public $r = 3;
function __get($n) { return "get $n";
} function __set($n, $v) { $this->r = "$n=$v";
} function __isset($n) { return $n === 'magic';
} function __unset($n) { $this->r = "unset $n";
} }
$a = new A;
show($a->p, $a->magic, isset($a->magic), isset($a->nope), isset($a->p));
$a->z = 5;
show($a->r);
unset($a->p);
show($a->r);
show($a->magic ?? 'x', $a->nope ?? 'y', empty($a->magic));
