/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The site's database as this daemon reaches it: what local.php says, and what the configuration adds. */

#include "lib/config.h"
#include "lib/database.h"
#include "lib/site.h"
#include "states/grants.h"

/* site_load_settings, with database.socket and database.timeout of the configuration put in. */
int site_database_settings(const struct config *config, const struct site *site, struct site_settings *ret,
        struct error *err) _must_check;

/* The settings and a connection. ret_settings may be NULL when only the connection is wanted. */
int site_database_connect(const struct config *config, const struct site *site,
        struct site_settings *ret_settings, struct database **ret, struct error *err) _must_check;

/* The name of the lock (database_lock) that keeps two daemons on two machines from upgrading one database at
 * once; owned by the caller. */
char *site_database_lock_name(const struct site_settings *settings);

/* What the connection's user is granted, roles that are in force included. */
struct database_grants {
        struct database_rows rows;
        const char **lines; /* into rows */
        struct grants grants;
};
int site_database_grants(struct database *database, struct database_grants *ret, struct error *err)
        _must_check;
void database_grants_deinit(struct database_grants *grants);
#define _cleanup_database_grants_ _cleanup_(database_grants_deinit)
