/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The native engine of the two migration stages: applies migrations without PHP.
 *
 * migrate_database.c chooses the engine. It hands over a connection that holds the database's lock
 * (site_database_lock_name), on which no foreign change of the schema is under way, and whose wait_timeout is
 * long; the engine counts, applies, journals (steps of context->stage) and counts again.
 *
 * The journal: the console's steps have the actions "migration" and "complete" (migrate_database.c) and may
 * stand there from a try with the other engine; by the time of this call none of them is torn. The engine's
 * own begin with NATIVE_STEP_PREFIX, and one that is not done means: a migration was begun natively and has
 * not ended. While there is one, migrations.engine = auto stays native and the console refuses to go on.
 */

#include "lib/site.h"
#include "states/stage.h"

#define NATIVE_STEP_PREFIX "native_"

struct native_migrations {
        struct stage_context *context;
        struct database *database; /* holds the lock */
        const struct site_settings *settings;
        int mautic; /* whose migrations lie in app/migrations: 2 or 3 */
        bool begun; /* an earlier try has applied some: what comes behind the last one may be missing */
};

/* STAGE_DONE when at least one was applied or taken up, STAGE_SKIP when none was new. Every New migration has
 * its row then. Reasons: migrations_undetected, migration_failed, migration_interrupted, database_…,
 * cancelled, stopping. */
int native_migrations_run(const struct native_migrations *run, struct error *err) _must_check;
