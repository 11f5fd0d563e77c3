<?php
trait T { private $c = 0;
public static $s = 1;
static function sm() { return static::class . self::class . __CLASS__ . __TRAIT__;
} function inc() { return ++$this->c;
} abstract function need();
static function cnt() { static $n = 0;
return ++$n;
} }
class A { use T;
function need() { return __METHOD__;
} } class B { use T;
function need() { return 'b';
} }
$a = new A;
$a->inc();
show($a->inc(), A::sm(), $a->need(), A::cnt(), A::cnt(), B::cnt());
A::$s = 5;
show(B::$s);
