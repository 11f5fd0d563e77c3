<?php
function f() { try { return 'try';
} finally { show('fin');
} } show(f());
function g() { try { throw new Exception('x');
} catch (Exception $e) { return 'catch';
} finally { return 'finally';
} } show(g());
function h() { foreach ([1,2,3] as $i) { try { continue;
} finally { show($i);
} } return 'end';
} show(h());
