<?php
function f(int $x, ?string $y = null, int|string $z = 5, self|null $q = null) { return [$x, $y, $z];
} show(f("12"), f(1.0, 5), f(true, "a", "b"));
