<?php
$parameters = ['k' => "${x} {$y['a']} $z[0]"];
$$n = 1; $GLOBALS['a'] = 2;
