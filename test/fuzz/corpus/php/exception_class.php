<?php
class MyE extends InvalidArgumentException { private $extra;
function __construct($m, $x) { parent::__construct($m, 7, new Exception('prev'));
$this->extra = $x;
} function x() { return $this->extra . $this->message . $this->code;
} } try { throw new MyE('hello', 'ex');
} catch (Exception $e) { show($e->x(), $e->getMessage(), $e->getPrevious()->getMessage(), $e instanceof Throwable);
}
