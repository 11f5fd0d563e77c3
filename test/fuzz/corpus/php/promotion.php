<?php
class Pa { public function __construct(protected int $a = 1, public readonly string $b = 'bb') {} function a() { return $this->a;
} } class Ch extends Pa { public function __construct(int $z) { parent::__construct($z * 2);
} } $c = new Ch(4);
show($c->a(), $c->b);
try { $c->b = 'x';
} catch (Error $e) { show($e->getMessage());
}
