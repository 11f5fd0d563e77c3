<?php
$a = ['x' => ['y' => 1]];
$b = &$a['x'];
$c = $a;
$b['y'] = 2;
show($a, $c);
$a2 = [1,2];
foreach ($a2 as &$r) {} unset($r);
$d = $a2;
$d[0] = 9;
show($a2);
