<?php
class O { public $a = 1;
protected $b = 2;
private $c = 3;
public $d;
function all() { $r = [];
foreach ($this as $k => $v) $r[$k] = $v;
return $r;
} } $o = new O;
$o->dyn = 5;
$r = [];
foreach ($o as $k => $v) $r[$k] = $v;
show($r, $o->all(), get_object_vars($o));
