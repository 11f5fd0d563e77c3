<?php
$i = 1;
show($i + $i++ + ++$i);
$i = 2;
show($i++ * $i);
$a = [1,2,3];
$i = 0;
$a[$i++] = $a[$i] + 10;
show($a, $i);
$i = 1;
$x = [$i, $i++, $i];
show($x);
$s = 'a';
$s .= $s . 'b';
show($s);
