<?php
$s = "x";
for (;;) {
    $s .= $s;
}
