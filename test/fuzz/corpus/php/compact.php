<?php
$a = 1;
$b = [2];
show(compact('a', ['b']));
extract(['a' => 10, 'new' => 20, '1bad' => 1]);
show($a, $new);
function dv($p) { $l = 1;
return get_defined_vars();
} show(dv(5));
