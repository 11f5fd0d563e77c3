<?php
function addone(array &$a, $x = 1) { $a[] = $x;
} $z = ['n' => []];
addone($z['n'], 2);
addone($z['n']);
show($z);
function sw(&$a, &$b) { [$a, $b] = [$b, $a];
} $p = 1;
$q = 2;
sw($p, $q);
show($p, $q);
function nul(&$u) { $u = 'set';
} nul($fresh);
show($fresh);
nul($arr['deep']['er']);
show($arr);
