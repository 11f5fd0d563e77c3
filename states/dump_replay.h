/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Sends a dump to a server, statement by statement, as the client programs would; or only reads it.
 *
 * Not by a client program: so a rollback needs none, what belongs to others in the schema can be left out,
 * the connection that sends is the one that holds the lock (a later try waits until the server is done with
 * what a killed one sent), and a failure names the thing.
 * LOCK TABLES is left out, since it would need a privilege that the dump did not.
 */

#include "lib/database.h"
#include "lib/files.h"
#include "states/backup_inventory.h"
#include "states/restorable.h"
#include "states/stage.h"

struct dump_replay {
        struct stage_context *context;
        const char *name; /* in the state folder; compressed by zstd */
        uint64_t expected_bytes; /* of text, for the progress; 0: not known */
        struct database *database; /* NULL: only read */
        const struct schema_scope *scope; /* NULL: all */
        /* Into another schema than the dump's, this one. What names a schema by itself, and events (which
         * would be executed there), is then left out. NULL: into its own. */
        const char *into;
        struct dump_demands *demands; /* gets what the things in scope ask for; may be NULL */
};

/* Reads the whole dump; *ret is what it holds, whatever was sent. Reasons: backup_incomplete, those of
 * database_query, cancelled and stopping (between two statements). */
int dump_replay(const struct dump_replay *replay, struct dump_contents *ret, struct error *err) _must_check;
