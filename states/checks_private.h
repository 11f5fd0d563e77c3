/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Between checks.c (the table) and the checks themselves, for nobody else.
 *
 * A check sees what former ones have found out (struct checks) and fills one finding. What it needs is said
 * in the table, so that it can count on it; when that is not known, the finding says so and the check does
 * not run.
 */

#include "lib/database.h"
#include "lib/memory.h"
#include "lib/site.h"
#include "states/checks.h"
#include "states/php.h"

#include <stdint.h>

struct checks {
        const struct checks_options *options;
        const struct config *config;

        struct site *site; /* NEEDS_SITE */
        struct error site_problem;

        bool settings_known; /* NEEDS_SETTINGS: local.php has been read */
        struct site_settings settings;

        bool php_known; /* NEEDS_PHP, where the configuration needs one at all */
        struct php_facts php;

        struct database *database; /* NEEDS_DATABASE: connected */
        struct database_server server;

        bool files_known; /* NEEDS_FILES: the tree has been walked */
        uint64_t site_bytes, site_entries, user_bytes; /* user_bytes: plugins, themes, media */

        bool package_known; /* it is here, and its directory was read */
        bool package_is_remote; /* it is still to be fetched from package.url */
        bool package_jump, package_lacks_vendor;
        struct release_metadata package;
        uint64_t package_size, package_bytes, package_entries; /* packed, unpacked */
};

enum {
        NEEDS_SITE = 1 << 0,
        NEEDS_SETTINGS = 1 << 1,
        NEEDS_PHP = 1 << 2,
        NEEDS_DATABASE = 1 << 3,
        NEEDS_FILES = 1 << 4,
};

/* advice is copied. */
void finding_ok(struct finding *finding, const char *format, ...) _printf(2, 3);
void finding_warning(struct finding *finding, const char *advice, const char *format, ...) _printf(3, 4);
void finding_error(struct finding *finding, const char *advice, const char *format, ...) _printf(3, 4);

/* "a, b, c and 7 more": the first names of many; owned by the caller. */
struct name_sample {
        struct buffer text;
        size_t count;
};
void name_sample_add(struct name_sample *sample, const char *name);
void name_sample_deinit(struct name_sample *sample);
const char *name_sample_text(struct name_sample *sample);
#define _cleanup_name_sample_ _cleanup_(name_sample_deinit)

typedef void check_function(struct checks *checks, struct finding *finding);

/* checks_site.c: what the folder is, and what else is in it. */
check_function check_root_is_mautic, check_root_name, check_mautic_version, check_half_upgraded,
        check_git_checkout, check_hooks_command, check_plugins, check_local_config, check_local_overrides,
        check_rate_limiter_cache, check_spool, check_processes;
/* checks_files.c: whether its entries can be moved, and whether there is room. */
check_function check_root_writable, check_root_entries, check_site_files, check_state_folder,
        check_free_space, check_free_space_margin;
/* checks_php.c */
check_function check_php_found, check_php_version, check_php_extensions, check_php_limits;
/* checks_database.c */
check_function check_database_driver, check_database_connection, check_database_version,
        check_database_writable, check_database_privileges, check_database_lock, check_dump_tool;
/* checks_backup.c */
check_function check_backup_restorable, check_backup_verify, check_database_packet;
/* checks_migrations.c */
check_function check_migrations_readable, check_migrations_of_later, check_migrations_dropped_keys;
/* checks_schema.c: what in the database stands in the way of a dump, or of the migrations. */
check_function check_database_views, check_column_types;
/* checks_package.c */
check_function check_package, check_package_jump, check_package_vendor;
