<?php
try { try { throw new RuntimeException('a', 5);
} finally { show('f');
} } catch (LogicException | RuntimeException $e) { show(get_class($e), $e->getCode());
}
