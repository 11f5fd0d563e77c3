<?php
/* SPDX-License-Identifier: GPL-3.0-or-later */

// The tables of Mautic 2 after its last migration, in the words of Sandbox\Console\Mapping.
return [
    'users' => [
        'id' => 'integer auto', 'username' => 'string(191)', 'email' => 'string(191)', 'preferences' => 'array?',
        '#primary' => ['id'], '#unique' => ['username'],
    ],
    'categories' => [
        'id' => 'integer auto', 'title' => 'string(191)', 'alias' => 'string(191)', 'bundle' => 'string(50)', 'color' => 'string(7)?',
        '#primary' => ['id'], '#index category_alias_search' => ['alias'],
    ],
    'companies' => ['id' => 'integer auto', 'companyname' => 'string(191)?', 'score' => 'integer', '#primary' => ['id']],
    'leads' => [
        'id' => 'integer auto', 'owner_id' => 'integer? > users.id set null', 'date_added' => 'datetime?', 'points' => 'integer',
        'internal' => 'array?', 'avatar' => 'blob?',
        '#primary' => ['id'], '#index lead_date_added' => ['date_added'],
    ],
    'lead_fields' => [
        'id' => 'integer auto', 'label' => 'string(191)', 'alias' => 'string(191)', 'type' => 'string(50)', 'object' => 'string(50)?',
        'is_published' => 'boolean', 'properties' => 'array?', '#primary' => ['id'],
    ],
    'lead_devices' => [
        'id' => 'integer auto', 'lead_id' => 'integer > leads.id cascade', 'date_added' => 'datetime', 'device' => 'string(191)?',
        'device_fingerprint' => 'string(191)?', 'tracking_id' => 'string(191)?',
        '#primary' => ['id'], '#index' => ['device_fingerprint'], '#unique' => ['tracking_id'],
    ],
    'companies_leads' => [
        'company_id' => 'integer > companies.id cascade', 'lead_id' => 'integer > leads.id cascade', 'date_added' => 'datetime',
        'is_primary' => 'boolean?', 'manually_removed' => 'boolean', 'manually_added' => 'boolean', '#primary' => ['company_id', 'lead_id'],
    ],
    'emails' => [
        'id' => 'integer auto', 'category_id' => 'integer? > categories.id set null', 'name' => 'string(191)', 'subject' => 'text?',
        'custom_html' => 'text?', 'template' => 'string(191)?', 'dynamic_content' => 'array?', '#primary' => ['id'],
    ],
    'pages' => [
        'id' => 'integer auto', 'category_id' => 'integer? > categories.id set null', 'title' => 'string(191)', 'alias' => 'string(191)',
        'custom_html' => 'text?', 'hits' => 'integer', 'is_preference_center' => 'boolean?',
        '#primary' => ['id'], '#index page_alias_search' => ['alias'],
    ],
    'page_hits' => [
        'id' => 'bigint auto', 'page_id' => 'integer? > pages.id set null', 'lead_id' => 'integer? > leads.id set null',
        'date_hit' => 'datetime', 'date_left' => 'datetime?', 'url' => 'text?', 'url_title' => 'string(191)?', 'tracking_id' => 'string(191)',
        'source' => 'string(191)?', 'source_id' => 'integer?',
        '#primary' => ['id'], '#index page_hit_tracking_search' => ['tracking_id'], '#index page_hit_source_search' => ['source', 'source_id'],
        '#index page_date_hit_left' => ['date_hit', 'date_left'],
    ],
    'forms' => [
        'id' => 'integer auto', 'category_id' => 'integer? > categories.id set null', 'name' => 'string(191)', 'cached_html' => 'text?',
        '#primary' => ['id'],
    ],
    'form_fields' => [
        'id' => 'integer auto', 'form_id' => 'integer > forms.id cascade', 'label' => 'text', 'alias' => 'string(191)', 'type' => 'string(191)',
        'properties' => 'array?', '#primary' => ['id'],
    ],
    'campaign_events' => [
        'id' => 'integer auto', 'name' => 'string(191)', 'type' => 'string(50)', 'event_order' => 'integer', 'properties' => 'array',
        '#primary' => ['id'],
    ],
    'webhooks' => ['id' => 'integer auto', 'name' => 'string(191)', 'webhook_url' => 'string(191)', '#primary' => ['id']],
    'plugins' => [
        'id' => 'integer auto', 'name' => 'string(191)', 'bundle' => 'string(50)', 'version' => 'string(191)?',
        '#primary' => ['id'], '#unique unique_bundle' => ['bundle'],
    ],
    'plugin_integration_settings' => [
        'id' => 'integer auto', 'plugin_id' => 'integer? > plugins.id cascade', 'name' => 'string(191)', 'is_published' => 'boolean',
        'api_keys' => 'array', 'feature_settings' => 'array?', '#primary' => ['id'],
    ],
    'focus' => [
        'id' => 'integer auto', 'name' => 'string(191)', 'focus_type' => 'string(191)', 'properties' => 'array', '#primary' => ['id'],
    ],
];
