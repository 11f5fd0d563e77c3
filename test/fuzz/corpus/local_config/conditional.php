<?php
if (!defined('A')) exit;
function f() { return 1; }
$parameters = ['k' => function () use ($y) { return $y; }, 'theme' => &$z];
