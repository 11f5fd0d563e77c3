/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Deletes, when the user has asked for it, what only the way back needed: Mautic 2's files, the dump of its
 * database and its inventory, the former local.php, the package. In no table of stages: its run is what
 * `clean` does, on a finished or a rolled back upgrade.
 */

#include "states/stage.h"

extern const struct stage clean_stage;
