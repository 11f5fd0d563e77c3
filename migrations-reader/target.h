/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the migrations reader looks at: files of a site or of a folder, and a database or a dump of its
 * schema.
 */

#include "lib/database.h"
#include "lib/site.h"
#include "migrations-reader/migrations.h"
#include "migrations-reader/planner.h"

struct target_options {
        const char *root; /* a Mautic site; local.php tells database and prefix */
        const char *folder; /* or a folder of migrations */
        const char *prefix; /* of the tables; NULL: local.php's, else none */
        const char *dsn; /* "mysql://user:password@host:port/database?unix_socket=PATH"; NULL: local.php's */
        const char *
                password_file; /* its first line is the password; NULL: the dsn's, else DATABASE_PASSWORD's */
        const char *schema_dump; /* in place of a database: an SQL dump, plain, gzip or zstd */
        const char *doctrine; /* "2.5", "2.10", …; NULL: found out */
};
#define TARGET_PASSWORD_VARIABLE "DATABASE_PASSWORD"

struct target {
        struct site *site; /* NULL with a folder alone */
        int root_fd;
        char *folder; /* relative to root_fd */
        char *path; /* of the folder, absolute */
        char *prefix;
        struct database_parameters parameters;
        char *driver; /* "pdo_mysql" */
        struct database *database; /* NULL with a dump */
        struct schema *schema; /* NULL until target_read_schema, but with a dump */
        char **rows; /* of the migrations table, from the dump; NULL: no such table */
        enum doctrine_version version;
};

/* What excludes or needs each other: REASON_INVALID_ARGUMENT, naming options as the program's. */
int target_check(const struct target_options *options, struct error *err) _must_check;

/* Opens files and database, or reads the dump. Reasons: not_mautic, not_found, invalid_argument (of what the
 * message names), local_config_unreadable, the database's. */
int target_open(const struct target_options *options, struct target *ret, struct error *err) _must_check;
void target_deinit(struct target *target);
#define _cleanup_target_ _cleanup_(target_deinit)

int target_read_migrations(const struct target *target, struct migrations *ret, struct error *err)
        _must_check;
/* migrations_look */
int target_look_migrations(const struct target *target, struct migrations *ret, struct error *err)
        _must_check;
/* Once; the schema is the target's. */
int target_read_schema(struct target *target, struct error *err) _must_check;
/* All but the schema; valid as long as the target. */
void target_planner_settings(struct target *target, struct planner_settings *ret);
int target_new_planner(struct target *target, struct planner **ret, struct error *err) _must_check;
bool target_is_mautic_3(const struct target *target); /* or later */

/* The parts of a DSN, percent-decoded. The message of an error never quotes the password. */
int target_parse_dsn(const char *dsn, struct database_parameters *ret, struct error *err) _must_check;
