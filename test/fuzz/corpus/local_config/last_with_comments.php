<?php
$parameters = array('a' => 1, // c
 'k' => 2 /* d */ , /* e
 */ 'theme' => 3 // f
, 'webhook_start' => 4);