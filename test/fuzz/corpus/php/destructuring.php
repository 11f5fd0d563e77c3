<?php
[$a, $b] = [1, 2];
[$a, $b] = [$b, $a];
show($a, $b);
list('x' => list(, $q), 'y' => $r) = ['x' => [1, 2], 'y' => 3];
show($q, $r);
[$n] = [null];
show($n);
list($u) = null;
show($u);
$arr = [1, [2, 3]];
[$x, [&$y]] = $arr;
$y = 99;
show($arr);
foreach ([[1, [2]], [3, [4]]] as [$p, [$q]]) show($p, $q);
