<?php
class A { public static $count = 0;
public static $arr = ['x' => 1];
static function inc() { return ++static::$count;
} const ONE = 1, TWO = self::ONE + 1;
} class B extends A { public static $count = 10;
} A::inc();
B::inc();
B::inc();
A::$arr['y']['z'] = 2;
show(A::$count, B::$count, B::$arr, A::TWO);
$r = &A::$count;
$r = 50;
show(A::$count);
