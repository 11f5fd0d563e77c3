<?php
$a = [1];
$a[] = &$a;
$o = new stdClass;
$o->o = $o;
$o->f = function () use (&$o) { return $o; };
$b = [];
$b[0] = &$b[1];
$b[1] = &$b;
show($o->f);
