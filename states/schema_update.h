/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The last resort of Mautic's own documentation: doctrine:schema:update, through the site's console. It makes
 * the database's tables what the Mautic in the root says they are, and drops what that does not know.
 *
 * Dumping changes nothing. Forcing wants a whole backup of this upgrade, the database's name as confirmation,
 * and the plan that was confirmed: what Doctrine would do is asked for again, and if it is no longer the
 * same, nothing is done. With --complete Doctrine drops the migrations table, too; its rows are kept before
 * and put back afterwards, after a kill at the next start or before the next command.
 */

#include "states/schema_statements.h"
#include "states/stage.h"

struct schema_order {
        bool complete;
        bool force; /* else only the plan is wanted */
        const char *plan; /* with force: the id of the plan that was confirmed */
        const char *confirmation; /* with force: the name that was typed */
};

struct schema_plan {
        struct schema_statements statements;
        char *id; /* names these statements, and no others */
        char *database;
        char *migrations_table; /* its rows are kept and put back */
        char *backup; /* path of the backup, NULL: there is none */
        int64_t backup_ms; /* when it was finished */
        size_t executed; /* statements, 0 when only the plan was wanted */
        size_t rows_put_back;
};
void schema_plan_deinit(struct schema_plan *plan);
#define _cleanup_schema_plan_ _cleanup_(schema_plan_deinit)

/* The stage under whose name it is logged and journalled; its run puts back what a killed try has kept. It is
 * in no table of stages. */
extern const struct stage schema_update_stage;

/* Reasons: not_mautic, program_missing, program_failed, timed_out, database_…, and with force backup_missing,
 * confirmation_wrong, plan_changed. */
int schema_update(struct stage_context *context, const struct schema_order *order, struct schema_plan *ret,
        struct error *err) _must_check;
