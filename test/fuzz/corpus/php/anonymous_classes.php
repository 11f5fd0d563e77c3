<?php
$o = new class(5) { public $x;
function __construct($x) { $this->x = $x;
} function d() { return $this->x * 2;
} };
show($o->d(), $o instanceof stdClass);
function mk() { return new class { public $v = 1;
};
} show(mk() == mk(), get_class(mk()) === get_class(mk()));
