<?php
$y = ['k' => 'v', 3 => 't'];
$o = new stdClass;
$o->p = 'pp';
$o->q = ['r' => new stdClass];
$o->q['r']->s = 'deep';
$k = 'k';
show("a $y[k] $y[3] $y[$k] {$y['k']} $o->p {$o->q['r']->s} \x41 \u{1F600} \101 \$x ${k}");
show(<<<'N'
  raw $x
    two
  N);
