/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Doctrine's classes for the evaluator: what a migration gets as $schema, $this->connection, platform and
 * schema manager, with the behaviour of the doctrine/dbal that the migration's Mautic was locked to.
 */

#include "migrations-reader/doctrine/source.h"
#include "migrations-reader/php/host.h"
#include "migrations-reader/schema/schema.h"

/* What Mautic's composer.lock holds. In order, so that `>= DOCTRINE_2_10` reads well. */
enum doctrine_version {
        DOCTRINE_2_5, /* Mautic 2.16: dbal 2.5.13, migrations 1.2.2 */
        DOCTRINE_2_10, /* Mautic 3: dbal 2.10.1, migrations 2.2.1 */
        DOCTRINE_2_13, /* Mautic 4: dbal 2.13.8, migrations 2.3.5 */
        DOCTRINE_3_7, /* Mautic 5: dbal 3.7.2, migrations 3.5.5 */
};

/* The beginning of a migration's world (php_run_host). It outlives the run that it is registered with. */
struct doctrine {
        enum doctrine_version version;
        const struct schema *schema; /* before the migration; borrowed */
        struct sql_source *source; /* where statements go */
        /* Mautic's db_server_version, which makes the platform: of local.php, else the release's own ("5.5"
         * in 2.16 and 3.0, "5.7" in 3.3), borrowed. NULL: as the server tells (Mautic 4 and 5 ask it). */
        const char *server_version;
        struct doctrine_objects *objects; /* doctrine_register's own */
};

/* Registers all classes and sets no globals but php_run_set_host's, which is the migration's (migration.h):
 * doctrine_of(run) finds the struct. */
void doctrine_register(struct php_run *run, struct doctrine *doctrine);
struct doctrine *doctrine_of(struct php_run *run);

/* New objects, owned by the caller. */
struct php_value doctrine_new_connection(struct php_run *run);
struct php_value doctrine_new_platform(struct php_run *run);
struct php_value doctrine_new_schema_manager(struct php_run *run);
/* A Schema of the snapshot (introspection sees the whole database; enum, point, bit map to string). A type
 * that Doctrine does not know throws what the real one throws (DBALException, "Unknown database type …"). */
enum php_flow doctrine_new_schema(struct php_run *run, struct php_value *ret) _must_check;

/* Whether Doctrine, as Mautic configures it, has a type for this one of the server's ("varchar"). */
bool doctrine_knows_type(const char *database);

/* The SQL that turns `from` into `to`, both Schema objects: an array of strings, as this version's
 * `$platform`/comparator give it. */
enum php_flow doctrine_schema_difference(
        struct php_run *run, struct php_value from, struct php_value to, struct php_value *ret) _must_check;
