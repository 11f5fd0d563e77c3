<?php
$x = ['a' => 1];
$f = function() use ($x) { $x['a']++;
return $x['a'];
};
show($f(), $f(), $x);
function st() { static $a = [], $n = 1 + 1;
$a[] = $n++;
return $a;
} st();
show(st());
function fact($n) { return $n <= 1 ? 1 : $n * fact($n - 1);
} show(fact(10));
