<?php
$x = true;
$x and $y = 5;
show($y);
$z = $x ? 'a' : ($y ? 'b' : 'c');
show($z, $x ?: 'no', 0 ?: 'yes');
show(!$x || $y, $x && !$y);
$t = false or true;
show($t);
print 'x';
show(print('y'));
