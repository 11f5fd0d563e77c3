<?php
function f(int $x) { return $x;
} try { f("abc");
} catch (TypeError $e) { show(substr($e->getMessage(), 0, 55));
} try { f(null);
} catch (TypeError $e) { show(substr($e->getMessage(), 0, 55));
} try { f([]);
} catch (TypeError $e) { show(substr($e->getMessage(), 0, 55));
} try { f();
} catch (ArgumentCountError $e) { show(substr($e->getMessage(), 0, 40));
}
