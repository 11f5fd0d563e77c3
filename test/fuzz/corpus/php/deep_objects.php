<?php
$o = null;
for ($i = 0; $i < 3000; $i++) {
    $n = new stdClass;
    $n->next = $o;
    $o = $n;
}
unset($o, $n);
