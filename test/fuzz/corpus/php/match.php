<?php
show(match(3) { 1, 2 => 'a', 3, 4 => 'b', default => 'c' });
try { match(5) { 1 => 2 };
} catch (\UnhandledMatchError $e) { show($e->getMessage());
} try { match('x') { 1 => 2 };
} catch (\UnhandledMatchError $e) { show($e->getMessage());
}
