/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Where the upgrade's log is. */

#include <stdbool.h>

/* In the site's root; the name is upgrade_v3.php's. */
#define NAME_LOG "upgrade_log.txt"
/* Where upgrade_log.txt is now, relative to the root; not set: NAME_LOG, empty: put away, no more lines. Who
 * moves it sets the fact before the rename, so that no line makes the old name anew. */
#define FACT_UPGRADE_LOG "upgrade_log"
/* Where FACT_UPGRADE_LOG says that the log is, put away in the state folder by a rollback: this, and its name
 * there. Without it the name is one below the root. */
#define UPGRADE_LOG_IN_STATE "state:"

/* What that fact (NULL: not set) says: the log's path, below the state folder where *ret_in_state, else below
 * the root. Part of fact, or static; NULL: put away. */
const char *log_place_of(const char *fact, bool *ret_in_state);
