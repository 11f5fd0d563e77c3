/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Migrations and plans as JSON: the program's --json and the daemon's API give the same. */

#include "migrations-reader/migrations.h"
#include "migrations-reader/planner.h"

#include <jansson.h>

/* All return a new reference. */

/* {"executed","executed_unavailable","left_behind","available","new","unreadable","previous","current","next","latest",
 * "table","table_exists"}: left_behind counts those of executed_unavailable that are as they should be. */
json_t *migrations_status_json(const struct migrations *migrations, bool mautic_3);
/* {"version","state","available","executed","executed_at","file","description","problem"}; state: "executed",
 * "new", "left_behind", "unavailable". */
json_t *migration_json(const struct migrations *migrations, const struct migration *migration, bool mautic_3);
/* An array of them. */
json_t *migrations_list_json(const struct migrations *migrations, bool mautic_3);
const char *migration_state(
        const struct migrations *migrations, const struct migration *migration, bool mautic_3);
/* {"version","verdict","message","transactional","statements":[{"sql","params","line","direct"}],"file",
 * "description","refused","notes","assumes"} */
json_t *plan_json(const struct plan *plan);
