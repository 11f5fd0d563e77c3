<?php
function f($n) { return f($n + 1); }
class A { function __get($n) { return $this->$n . f(1); } }
echo (new A)->x;
