/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A Mautic site on disk, Mautic 2 or 3, understood without PHP.
 *
 * Sources (mautic/mautic 2.16.5 and 3.0.2): app/version.txt, app/release_metadata.json, app/config/paths.php
 * and paths_local.php, app/config/local.php and parameters_local.php; how they are read: app/AppKernel.php
 * (getLocalParams, getLocalConfigFile), app/config/parameters.php, and of Mautic 3
 * app/bundles/CoreBundle/Loader/ParameterLoader.php; where $paths lead: PathsHelper::getSystemPath.
 *
 * In the middle of the upgrade's move a file of app/config may have left the root already: it is read from
 * mautic-2-backup-files then. The release's own file wins where both versions' are there.
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

/* The folder that Mautic 2's files are moved to; the name is upgrade_v3.php's. */
#define SITE_MAUTIC_2_FILES "mautic-2-backup-files"
/* In the state folder: local.php as it was before the upgrade changed it. */
#define NAME_LOCAL_CONFIG_ORIGINAL "local.php.mautic-2"

/* Where things are, relative to the root (no leading '/'), or absolute when outside of it. Source: the array
 * $paths of paths.php, changed by paths_local.php, and its themes_root and assets_root. Values are constants,
 * $root and __DIR__ (<root>/app, <root>/app/config) and concatenations of them. */
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
        char *stand_in; /* text that is read for local.php while that is gone; or NULL */
};

/* Looks at the root. Works in the middle of an upgrade too (kind is what stands there now; where both
 * versions' files are, Mautic 3; paths are the defaults when no paths.php is there). REASON_NOT_MAUTIC when
 * root is no folder. A paths.php that can't be understood: REASON_LOCAL_CONFIG_UNREADABLE with line and
 * column. */
int site_open(const char *root, struct site **ret, struct error *err) _must_check;
void site_free(struct site *site);
DEFINE_CLEANUP(struct site *, site_free);

/* Compares "2.16.3" and the like, numerically by part; a suffix ("-beta") is lower. <0, 0, >0. */
int site_version_compare(const char *left, const char *right);

/* Opens the folder that really holds local.php (links resolved, as PHP does; the one place where a link may
 * lead out of the root) and gives the file's name in it. 1 when there is none. */
int site_find_local_config(const struct site *site, int *ret_folder_fd, char **ret_name, struct error *err)
        _must_check;

/* What stands above local.php. 1: there is none. */
#define SITE_OVERRIDES_FILE "app/config/parameters_local.php"
int site_read_overrides(const struct site *site, struct local_config **ret, struct error *err) _must_check;

/* What local.php says, and parameters_local.php above it. %kernel.root_dir% is replaced by <root>/app. A
 * string that holds `getenv(NAME)` is, as a whole, replaced by that variable of this process (PHP would take
 * a missing one for empty; here it is an error that names it, since a web server's environment is not the
 * daemon's). What neither file sets has Mautic's default; db_name has none. PHP's client takes a port in
 * db_host
 * ("db:3307", "[::1]:3307") before db_port, and so does this.
 * REASON_LOCAL_CONFIG_UNREADABLE: line and column, or the file that is missing. */
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
/* With site->stand_in, that is read where local.php is not there. */
int site_load_settings(const struct site *site, struct site_settings *ret, struct error *err) _must_check;
/* cache_path, log_path and mailer_spool_path alone: no environment variable is missed that others take. */
int site_load_folders(const struct site *site, struct site_settings *ret, struct error *err) _must_check;
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
/* The one that stands in the root. 1 when there is none. */
int site_load_release(const struct site *site, struct release_metadata *ret, struct error *err) _must_check;
