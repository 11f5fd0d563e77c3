<?php
$parameters['k'] = 1;
$parameters = array_merge($parameters, ['theme' => 1]);
