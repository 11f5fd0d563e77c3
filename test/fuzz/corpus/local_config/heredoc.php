<?php
$parameters = [
 'k' => <<<EOT
  a
  b $x
  EOT,
 'theme' => <<<'X'
plain
X
, 'cache_path' => f(1)
];