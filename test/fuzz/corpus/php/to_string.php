<?php
class S { function __toString() { return 'str';
} function __invoke($x) { return $x * 2;
} } $s = new S;
show('a' . $s, "b$s", (string)$s, $s == 'str', $s(4), array_map($s, [1,2]), strlen($s));
try { (string)new stdClass;
} catch (Error $e) { show($e->getMessage());
}
