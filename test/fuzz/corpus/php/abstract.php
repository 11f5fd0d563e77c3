<?php
abstract class Q { } try { new Q;
} catch (Error $e) { show(get_class($e), $e->getMessage());
}
