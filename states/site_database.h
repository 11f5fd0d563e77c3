/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The site's database as this daemon reaches it: what local.php says, and what the configuration adds. */

#include "lib/config.h"
#include "lib/database.h"
#include "lib/site.h"
#include "states/grants.h"

#include <stdbool.h>
#include <stdint.h>

/* site_load_settings, with database.socket and database.timeout of the configuration put in. */
int site_database_settings(const struct config *config, const struct site *site, struct site_settings *ret,
        struct error *err) _must_check;

/* The settings and a connection. ret_settings may be NULL when only the connection is wanted. */
int site_database_connect(const struct config *config, const struct site *site,
        struct site_settings *ret_settings, struct database **ret, struct error *err) _must_check;

/* The same for who answers somebody that waits: the server may be silent for answer_s (struct
 * database_parameters). */
int site_database_connect_within(const struct config *config, const struct site *site, unsigned answer_s,
        struct site_settings *ret_settings, struct database **ret, struct error *err) _must_check;

/* On the way back Mautic 3's local.php may be gone: what Mautic 2's was, kept in the state folder, names the
 * same database. Nothing is written; update_local_config's undo puts the file back. *ret_used: it is needed.
 */
int site_database_stand_in(struct site *site, int state_fd, bool *ret_used, struct error *err) _must_check;

/* The same for a stage: what a statement waits for is told in its log, and a cancel reaches the statement. */
struct stage_context;
int stage_database_connect(struct stage_context *context, struct site_settings *ret_settings,
        struct database **ret, struct error *err) _must_check;
void stage_watch_database(struct stage_context *context, struct database *database);

/* Called again and again while a program of ours works on the database: tells once when a statement of
 * anybody's waits for a lock in it. Zeroed to begin with, and again whenever the program is seen to get on.
 */
struct lock_look {
        uint64_t next_ms, pause_ms;
        bool told;
};
void stage_look_for_lock_wait(struct stage_context *context, struct lock_look *look);

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
