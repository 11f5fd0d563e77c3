<?php
class A { public $o;
public $arr = [1];
function __clone() { $this->arr[] = 'cloned';
} } $a = new A;
$a->o = new A;
$b = clone $a;
$b->o->arr[] = 2;
$b->arr[] = 3;
show($a->arr, $a->o->arr, $b->arr);
show($a == clone $a, $a == $a, new A == new A, $a === $a);
