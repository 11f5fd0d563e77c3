<?php
$e = null;
for ($i = 0; $i < 3000; $i++) {
    $e = new Exception("x", 0, $e);
}
throw $e;
