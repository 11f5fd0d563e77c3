<?php
$s = 'abc';
$s[1] = 'X';
show($s, $s[0], $s[-1], isset($s[5]), isset($s['x']), isset($s[1]), $s[9] ?? 'd', "$s[0]");
