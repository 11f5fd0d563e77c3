<?php
function n($a, $b = 2) { return func_get_args();
} show(n(1), n(1,2,3));
try { n(b: 3);
} catch (ArgumentCountError $e) { show('ace');
} try { n(1, zz: 3);
} catch (Error $e) { show($e->getMessage());
} try { n(1, a: 3);
} catch (Error $e) { show($e->getMessage());
}
