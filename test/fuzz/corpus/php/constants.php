<?php
class A1 { const A = self::B . 'a';
const B = 'b' . B1::C;
public $p = self::A;
public $arr = [self::B => [1, self::A]];
function m($x = self::A, $y = [B1::C]) { return [$x, $y];
} } class B1 { const C = 'c';
} show(A1::A, (new A1)->p, (new A1)->arr, (new A1)->m());
