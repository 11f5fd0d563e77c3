<?php
class NoCtor extends Exception { protected $message = 'default';
protected $code = 3;
function __construct() {} } try { throw new NoCtor;
} catch (NoCtor $e) { show($e->getMessage(), $e->getCode(), $e->getPrevious());
}
