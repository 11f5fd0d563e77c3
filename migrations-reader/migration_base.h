/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a migration inherits: Doctrine's AbstractMigration, Mautic's AbstractMauticMigration and
 * PreUpAssertionMigration, the container that Mautic gives it, and the exceptions that skip or abort it.
 * Sources: doctrine/migrations 1.2.2 and 2.2.1, AbstractMigration.php; mautic/mautic 2.16.5 to 5.1.1,
 * app/bundles/CoreBundle/Doctrine/{AbstractMauticMigration,PreUpAssertionMigration}.php.
 */

#include "migrations-reader/doctrine/doctrine.h"
#include "migrations-reader/planned_statement.h"

/* A migration's world: what its base classes find through php_run_host. */
struct migration_world {
        struct doctrine doctrine; /* the first member: doctrine_of() finds it */
        const char *prefix;
        struct planned_statements added; /* by addSql */
        char *refused; /* what Doctrine would throw when it sends the first of them that it can't, or NULL */
        struct buffer notes; /* what it says through write() and warnIf(), a line each */
        /* A parameter of the site's configuration by its name in local.php: 0 with *ret_text (NULL for null),
         * 1 when local.php does not set it; or NULL: no configuration is known. */
        int (*parameter)(void *context, const char *name, struct php_value *ret, struct error *err);
        void *context;
};
void migration_world_deinit(struct migration_world *world);

/* Registers the classes of this version and defines MAUTIC_TABLE_PREFIX. php_run_host must be the world. */
void migration_base_register(struct php_run *run);
/* Puts into a new migration what Doctrine's constructor and Mautic's container would: connection, sm,
 * platform, prefix, container, … by calling its setContainer. */
enum php_flow migration_base_prepare(struct php_run *run, struct php_value migration) _must_check;

/* True when the exception is the one that skips a migration in this version. */
bool migration_is_skip(struct php_run *run, struct php_value exception);
