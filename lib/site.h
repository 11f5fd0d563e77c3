/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A Mautic site on disk, Mautic 2 or 3, understood without PHP.
 * Sources (mautic/mautic 2.16.5 and 3.0.2): app/version.txt, app/release_metadata.json, app/config/paths.php
 * and paths_local.php, app/config/local.php and parameters_local.php, app/AppKernel.php.
 */

#include "lib/database.h"
#include "lib/error.h"
#include "lib/local_config.h"

#include <stdbool.h>

enum site_kind {
        SITE_EMPTY, /* neither: no Mautic here */
        SITE_MAUTIC_2, /* app/version.txt */
        SITE_MAUTIC_3, /* app/release_metadata.json (version 3 or later) */
};

/* Where things are, relative to the root (no leading '/'), or absolute when outside of it. Source: the array
 * $paths. */
struct site_paths {
        char *themes; /* "themes" */
        char *media; /* "media" ($paths['assets']) */
        char *plugins; /* "plugins" */
        char *local_config; /* "app/config/local.php" */
};

struct site {
        char *root; /* absolute, links in it resolved */
        int root_fd; /* the root itself: the anchor of every path */
        enum site_kind kind;
        char *version; /* "2.16.5", or NULL */
        struct site_paths paths;
};

/* Looks at the root. Works in the middle of an upgrade too (kind is what stands there now; paths are the
 * defaults when no paths.php is there). REASON_NOT_MAUTIC when root is no folder. A paths.php that can't be
 * understood: REASON_LOCAL_CONFIG_UNREADABLE with line and column. */
int site_open(const char *root, struct site **ret, struct error *err) _must_check;
void site_free(struct site *site);
DEFINE_CLEANUP(struct site *, site_free);

/* Compares "2.16.3" and the like, numerically by part; a suffix ("-beta") is lower. <0, 0, >0. */
int site_version_compare(const char *left, const char *right);

/* What local.php and parameters_local.php say. `getenv(NAME)` inside a string is replaced by that variable of
 * this process (a missing one is an error that names it); %kernel.root_dir% by <root>/app. */
struct site_settings {
        struct database_parameters database;
        char *driver; /* db_driver, "pdo_mysql" */
        char *prefix; /* db_table_prefix, never NULL */
        char *site_url; /* or NULL */
        char *cache_path; /* absolute */
        char *log_path; /* absolute */
        char *mailer_spool_path; /* absolute */
        char *rate_limiter_cache; /* source text of api_rate_limiter_cache, or NULL when not set or null */
};
int site_load_settings(const struct site *site, struct site_settings *ret, struct error *err) _must_check;
void site_settings_deinit(struct site_settings *settings);
#define _cleanup_site_settings_ _cleanup_(site_settings_deinit)

/* "<root>/app/release_metadata.json"'s content, from the root or from a package. */
struct release_metadata {
        char *version;
        char *minimum_php_version;
        char *maximum_php_version;
        char *minimum_mautic_version; /* or NULL */
};
int release_metadata_parse(const char *json, size_t size, struct release_metadata *ret, struct error *err)
        _must_check;
void release_metadata_deinit(struct release_metadata *metadata);
#define _cleanup_release_metadata_ _cleanup_(release_metadata_deinit)
