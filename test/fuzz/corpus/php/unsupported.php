<?php
function g() { yield 1; }
if (false) { goto end; }
end:
$x = `ls`;
include "x";
g();
