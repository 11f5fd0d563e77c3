<?php
$parameters = array(
'k' => 'v'
'x' => 1