<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */
// Written by the installer, and by hand ever since.   Umlauts: äöü, and a lone \' in a comment
$parameters = array(
	'db_driver' => 'pdo_mysql',
	'db_host' => 'localhost',
	'db_table_prefix' => '@PREFIX@',
	'db_port' => 3306,
	'db_name' => '@DATABASE@',
	'db_user' => '@USER@', # least rights
	'db_password' => '@PASSWORD@',
	'db_backup_tables' => 0,
	'db_backup_prefix' => 'bak_',
	'db_server_version' => '5.5',
	'mailer_from_name' => 'O\'Neill & Söhne "GmbH" \\ \n',
	'mailer_from_email' => "office@example.org",
	'mailer_transport' => 'mail', /* 'mailer_transport' => 'smtp', */
	'mailer_host' => null,
	'mailer_password' => 'getenv(SANDBOX_MAILER_PASSWORD)',
	'mailer_spool_type' => 'file',
	'mailer_spool_path' => '%kernel.root_dir%/spool',
	'secret_key' => '57eaf4cbd5a8b2ec6a9ef92d7cb1b3c1a9b4d4e2f6a8c0b2d4e6f8a0b2c4d6e8',
	'site_url' => '@SITE_URL@',
	'image_path' => 'media/images',
	'theme' => 'Mauve',
	'cache_path' => '@ROOT@/app/cache',
	'log_path' => '@ROOT@/app/logs',
	'tmp_path' => '@ROOT@/app/cache',
	'system_update_url' => 'https://updates.mautic.org/index.php?option=com_mauticdownload&task=checkUpdates',
	'dev_hosts' => null,
	'track_by_fingerprint' => 0,
	'webhook_start' => '0',
	// 'theme' => 'commented out: must stay',
	'api_enabled' => true,
	'api_rate_limiter_cache' => array(
		'type' => 'file_system', // the default
	),
	'trusted_hosts' => array(),
	'supported_languages' => array('en_US' => 'English - United States', 'fr' => 'Français'),
	'webhook_limit' => 10,
	'nested' => [
		'theme' => 'Mauve', // nested: no business of the upgrade
		'dev_hosts' => null,
		'list' => [1, 2.5, -3, true, false, null, "double \"quoted\" \x41"],
	],
	'report_temp_dir' => dirname(__DIR__).'/../media/files/temp',
	'cached_data_timeout' => 10 * 60,
);
