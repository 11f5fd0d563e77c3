<?php
class P { public ?int $n = null;
public string $s;
private readonly array $ro;
function __construct() { $this->ro = [1];
} function chg() { $this->ro[] = 2;
} } $p = new P;
$p->n = "5";
show($p->n);
try { $p->n = 'abc';
} catch (TypeError $e) { show($e->getMessage());
} try { show($p->s);
} catch (Error $e) { show($e->getMessage());
} try { $p->chg();
} catch (Error $e) { show($e->getMessage());
} show($p->n = "7");
$p->n++;
show($p->n);
