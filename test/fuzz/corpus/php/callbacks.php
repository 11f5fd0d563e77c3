<?php
show(array_filter(['a' => 1, 'b' => null, 'c' => 3], fn($v, $k) => $v && $k != 'a', ARRAY_FILTER_USE_BOTH));
$arr = [3, 1, 2];
usort($arr, fn($a, $b) => $b <=> $a);
show($arr);
show(array_reduce([1, 2, 3], function($c, $i) { return $c + $i;
}, 10));
class Sorter { static function cmp($a, $b) { return $a - $b;
} function c2($a, $b) { return $b - $a;
} } usort($arr, ['Sorter', 'cmp']);
show($arr);
usort($arr, 'Sorter::cmp');
usort($arr, [new Sorter, 'c2']);
show($arr);
array_walk($arr, function(&$v, $k, $p) { $v = "$p$k$v";
}, 'p');
show($arr);
