<?php
interface I { const X = 'ix';
function m();
} abstract class Q implements I { function go() { return $this->m() . static::X . self::X;
} } class R extends Q { const Y = self::X . '!';
function m() { return 'm';
} } $r = new R;
show($r->go(), R::Y, $r instanceof I, R::X);
