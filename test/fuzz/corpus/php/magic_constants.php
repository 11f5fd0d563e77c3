<?php
show(__LINE__, __FILE__ === '', __FUNCTION__, __CLASS__);
class M { function a() { return [__FUNCTION__, __METHOD__, __CLASS__, (function() { return __FUNCTION__ . __METHOD__;
})()];
} } show((new M)->a());
