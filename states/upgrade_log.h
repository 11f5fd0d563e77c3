/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * upgrade_log.txt in the site's root, in the format of upgrade_v3.php (Mautic 2.16.5): lines
 * "[2026-11-22 16:23:15] text" in UTC, after a header of version, PHP, OS and kind of upgrade. Mode 0600.
 *
 * Only the header makes the file. A line for a file that is not there is dropped: the log has been put away,
 * and must not come into being a second time under its old name.
 */

#include "lib/error.h"
#include "lib/log_place.h"

#include <stdint.h>

/* Appends one line (control characters in text become spaces). 1 when no such file is there. A log that can't
 * be written never stops the upgrade: the caller decides. REASON_UNSAFE_PATH when a link, a file with a
 * second name or something that is no file stands there: nothing is written then. */
int upgrade_log_append(int root_fd, const char *name, int64_t wall_ms, const char *text, struct error *err)
        _must_check;
/* Makes the file when it is missing, and appends the header. php_version and mautic_version may be NULL. */
int upgrade_log_header(int root_fd, const char *name, int64_t wall_ms, const char *mautic_version,
        const char *php_version, struct error *err) _must_check;
