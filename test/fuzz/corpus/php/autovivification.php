<?php
$x = null;
$x['a']['b'][] = 1;
$x['a']['c'] ??= 5;
$x['a']['c'] ??= 6;
show($x);
$y = [];
$y[] = 'a';
$y[5] = 'b';
$y[] = 'c';
$y['k'] = 'd';
show($y);
unset($y[5], $y['zz']['q']);
show($y);
