<?php
$parameters = array(
	'db_driver' => 'pdo_mysql',
	'db_port' => 3306,
	'theme' => 'Mauve',
	'cache_path' => '/srv/app/cache',
	'webhook_start' => null,
	'k' => array(
		'a' => 'b'
	),
);
