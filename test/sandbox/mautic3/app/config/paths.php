<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

// Where this Mautic keeps what belongs to its users.
$paths = [
    'themes'       => 'themes',
    'assets'       => 'media',
    'asset_prefix' => '',
    'plugins'      => 'plugins',
    'translations' => 'translations',
    'local_config' => '%kernel.root_dir%/config/local.php',
];

if (file_exists(__DIR__.'/paths_local.php')) {
    include __DIR__.'/paths_local.php';
}

$paths = array_merge($paths, [
    'root'    => dirname($root),
    'app'     => 'app',
    'bundles' => 'app/bundles',
    'vendor'  => 'vendor',
]);
