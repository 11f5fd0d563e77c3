<?php
$u = 'x';
show(@$undef, @$u['a']['b'], @[][5]);
function w() { return @$arr['nokey'];
} show(w());
try { @fthrow();
} catch (Exception $e) { show('caught');
} function fthrow() { throw new Exception;
} 
