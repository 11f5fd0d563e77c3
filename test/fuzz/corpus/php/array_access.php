<?php
class AA implements ArrayAccess { private $d = [];
function offsetExists($o): bool { show("exists $o");
return isset($this->d[$o]);
} function offsetGet($o): mixed { show("get $o");
return $this->d[$o] ?? null;
} function offsetSet($o, $v): void { if ($o === null) $this->d[] = $v;
else $this->d[$o] = $v;
} function offsetUnset($o): void { unset($this->d[$o]);
} } $a = new AA;
$a['x'] = 1;
$a[] = 2;
show($a['x'], isset($a['x']), isset($a['q']), $a['q'] ?? 'def', empty($a['x']));
unset($a['x']);
show(isset($a['x']));
$a['n'] = 1;
$a['n'] += 5;
show($a['n']);
