<?php
class I implements Iterator { private $i = 0;
function __construct(private array $a) {} function current(): mixed { return $this->a[$this->i];
} function key(): mixed { return "k$this->i";
} function next(): void { $this->i++;
} function rewind(): void { $this->i = 0;
} function valid(): bool { return isset($this->a[$this->i]);
} } class Agg implements IteratorAggregate { function getIterator(): Iterator { return new I([7,8]);
} } foreach (new I([1,2,3]) as $k => $v) { if ($v == 3) break;
show($k, $v);
} foreach (new Agg as $v) show($v);
