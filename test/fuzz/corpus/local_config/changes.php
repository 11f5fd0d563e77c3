<?php
$parameters['k']['a'][] = 1;
$parameters['theme'] .= 'x';
$parameters['theme'] = 5;
$parameters[] = 2;
