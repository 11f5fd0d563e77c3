<?php
function v(...$a) { return $a;
} show(v(...[1, 2], ...[3]), v(...['a' => 1, 'b' => 2]));
function n($a, $b = 2, $c = 3) { return [$a, $b, $c];
} show(n(1, c: 9), n(...['c' => 1, 'a' => 0]));
show([...[1,2], ...['k' => 3], 4]);
