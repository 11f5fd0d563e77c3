<?php
$a = ['b' => ['c' => 1]];
unset($a['b']['c'], $a['x']['y']);
show($a);
$o = new stdClass;
$o->a = ['k' => 1];
unset($o->a['k'], $o->zz);
show($o->a);
$s = 5;
unset($s);
show(isset($s));
static $u;
show($u);
