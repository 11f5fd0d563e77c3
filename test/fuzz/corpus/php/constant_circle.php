<?php
class CC { const X = self::Y;
const Y = self::X;
} try { show(CC::X);
} catch (Error $e) { show($e->getMessage());
}
