<?php
$a = [];
for ($i = 0; $i < 5000; $i++) {
    $a = [$a];
}
show($a);
