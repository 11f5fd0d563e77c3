<?php
function t(iterable $i, callable $c, object $o, mixed $m, ?self $s = null) { return 'ok';
} show(t([1], 'strlen', new stdClass, null));
try { t(1, 'strlen', new stdClass, 1);
} catch (TypeError $e) { show('te');
} function un(int|float $x) { return $x;
} show(un("5"), un("5.5"), un(1.5));
function nb(?bool $b = true) { return $b;
} show(nb(null), nb(0), nb('a'));
