/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the upgrade itself leaves in its folders of the root: stubs of the gate and broken-off copies. */

#include "states/rename_plan.h"

/* The last of a rollback: removes what a kill has left under a temporary name in the root itself, and
 * rename_probe's files; tells which names there came since the start. */
int leftovers_sweep(struct stage_context *context, struct error *err) _must_check;
/* Removes a folder of the upgrade's. What else is found in it is set aside (journalled in plan) and said so
 * in the log. May be called again. */
int leftovers_remove(struct stage_context *context, struct rename_plan *plan, const char *folder,
        struct error *err) _must_check;
