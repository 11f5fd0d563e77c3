<?php
include 'x.php';
$parameters = array_merge(array('k' => 1), ['theme' => 'a'.'b']);
$parameters = array_merge($parameters, ['k' => 2]);
$parameters['theme'] = 'c';
