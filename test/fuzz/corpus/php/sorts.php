<?php
$a = [3, "b", 1.5, [1], null];
usort($a, function ($x, $y) use (&$a) { $a[] = 1; return 1; });
visit(function (&$r) { $r = [$r, &$r]; }, $a);
array_walk($a, fn (&$v) => $v = $v);
