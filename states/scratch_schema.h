/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A schema of our own on the site's server, for a copy of its database. Its name is journalled before it is
 * made; only one whose step is there and not done is ever dropped.
 */

#include "states/backup_inventory.h"
#include "states/stage.h"

#define SCRATCH_STAGE "backup_verify" /* whose journal has the steps */

struct scratch_schema {
        char *name; /* DATABASE_mautic_upgraded_verify_1234abcd, its begin cut where it would be too long */
        int64_t step;
};
void scratch_schema_deinit(struct scratch_schema *scratch);

/* Such a name for that schema; owned by the caller. hash: eight digits. */
char *scratch_schema_name(const char *schema, const char *hash);

/* Whether a copy can't, or should not, be made: foreign keys that lead to other schemas; with room: twice the
 * server's disk. 1 with *ret_why. The disk is only seen of a server on this machine; elsewhere a database of
 * up to 1 GB is thought to fit. */
int scratch_schema_obstacle(struct database *database, bool room, char **ret_why, struct error *err)
        _must_check;

/* 1 with *ret_why: the user may not make one. */
int scratch_schema_make(struct stage_context *context, struct database *database,
        const struct inventory *like, struct scratch_schema *ret, char **ret_why, struct error *err)
        _must_check;
int scratch_schema_connect(const struct database_parameters *parameters, const char *schema,
        struct database **ret, struct error *err) _must_check;
int scratch_schema_drop(struct stage_context *context, struct database *database,
        const struct scratch_schema *scratch, struct error *err) _must_check;

/* Of a try that was killed, or could not drop it, in this upgrade or an earlier one: the step is remembered
 * until the schema is gone. */
int scratch_schema_is_left(struct stage_context *context, bool *ret, struct error *err) _must_check;
int scratch_schema_drop_left(struct stage_context *context, struct database *database, struct error *err)
        _must_check;
