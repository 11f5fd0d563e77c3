<?php
class V { private function p() { return 'p';
} protected function q() { return 'q';
} private static function s() {} function t($o) { return $o->p();
} } class W extends V { function p() { return 'wp';
} function u() { return $this->q();
} } $v = new V;
foreach (['p', 'q'] as $m) try { $v->$m();
} catch (Error $e) { show($e->getMessage());
} try { V::s();
} catch (Error $e) { show($e->getMessage());
} show((new W)->u(), (new W)->t(new W), (new W)->p());
class PC { private function __construct() {} static function make() { return new self;
} } show(PC::make());
try { new PC;
} catch (Error $e) { show($e->getMessage());
}
