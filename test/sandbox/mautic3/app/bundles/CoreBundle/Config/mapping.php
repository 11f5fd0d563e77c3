<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

// The tables of Mautic 3 after its last migration: those of Mautic 2 with what changed.
$tables = require __DIR__.'/mapping_mautic_2.php';

unset($tables['companies_leads']['manually_removed'], $tables['companies_leads']['manually_added']);
unset($tables['lead_devices']['device_fingerprint'], $tables['lead_devices']['#index']);
$tables['webhooks']['secret'] = 'string(191)? default none';
$tables['webhooks']['#index webhook_secret_search'] = ['secret'];
$tables['sync_object_mapping'] = [
    'id' => 'integer auto', 'date_created' => 'datetime', 'integration' => 'string(191)', 'internal_object_id' => 'integer',
    'is_deleted' => 'boolean', '#primary' => ['id'], '#index' => ['integration', 'internal_object_id'],
];

return $tables;
