<?php
$a = [1,2,3];
foreach ($a as $k => $v) { if ($k == 0) { $a[] = 4;
} show($v);
} show($a);
$i = 0;
foreach ($a as $k => &$v) { if ($i++ < 2) $a[] = 10 + $i;
$v++;
} unset($v);
show($a);
