/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * On the way back: what somebody wrote into Mautic 3's own folders while it was in service.
 *
 * A file of mautic-3-temp-files that is not as the package has it, by size and CRC-32, is kept below
 * mautic-2-set-aside-files/written-to-mautic-3, under its own path. What Mautic 3 makes for itself anew
 * (var/cache, var/tmp) and the upgrade's own stubs are not; its logs go to the state folder.
 */

#include "lib/archive.h"
#include "states/stage.h"

#define WRITTEN_FILES_LOGS "mautic-3-logs" /* in the state folder */

/* archive NULL: the package is gone, nothing can be told apart, everything is kept. May be called again. */
int written_files_set_aside(struct stage_context *context, struct archive *archive, struct error *err)
        _must_check;
