<?php
class C { public $v = 1;
function getF() { return function() { return $this->v;
};
} static function st() { return static fn() => static::class;
} } class D extends C {} $c = new C;
$f = $c->getF();
$c->v = 7;
show($f());
show((D::st())());
$g = Closure::bind(function() { return $this->v * 2;
}, $c, C::class);
show($g());
$h = fn() => $this->v;
show($h->call($c));
show((function() { return func_get_args();
})(1, 2));
