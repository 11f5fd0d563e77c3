<?php
$parameters = [
  'k' => "a\x41\u{20ac}\0", # why
  'theme' => 'it\'s' // really?
];
?>
