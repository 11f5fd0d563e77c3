/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What others than its two stages ask of migrate_database.c. */

#include "lib/database.h"
#include "states/stage.h"

/* Before something else than a migration changes the tables: migrations of both stages that a console has
 * begun and that have changed no table count as not begun, so that the change is not taken for theirs. Those
 * which have changed one stay torn. */
int migrations_forget_untouched(struct checkpoint *checkpoint, struct database *database, const char *prefix,
        struct error *err) _must_check;
