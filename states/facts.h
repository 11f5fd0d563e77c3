/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What several stages do with facts (lib/checkpoint.h). */

#include "states/stage.h"

#include <stdbool.h>

/* 16 random bytes in hex, chosen at the first call and kept under that name: a try after a kill gets the same
 * ones. Owned by the caller. */
int fact_random(struct stage_context *context, const char *name, char **ret, struct error *err) _must_check;

/* What can be accepted beside preflight's warnings: with a migration's version behind it, in small letters,
 * that this one is run again on tables that it has begun to change. */
#define ACCEPT_RERUN_MIGRATION "rerun_migration_"
/* The same, that its work is done: of one whose row nobody saw come, and for the native engine, which then
 * only records it as executed. */
#define ACCEPT_DONE_MIGRATION "done_migration_"

/* With a stage's name behind it: that an upgrade goes on though what this stage left is not as recorded. */
#define ACCEPT_CONTRADICTED "contradicted_"

/* Whether the id is one of the lines of FACT_ACCEPTED_WARNINGS (NULL: there are none). "plugins" is not
 * accepted by "plugins_old". */
bool fact_accepts(const char *accepted, const char *id);
/* The id that accepts something of one migration: a prefix from above and the version; owned by the caller.
 */
char *fact_accept_id(const char *prefix, const char *version);
