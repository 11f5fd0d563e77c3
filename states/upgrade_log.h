/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * upgrade_log.txt in the site's root, in the format of upgrade_v3.php (Mautic 2.16.5): lines
 * "[2026-11-22 16:23:15] text" in UTC, after a header of version, PHP, OS and kind of upgrade. Mode 0600.
 */

#include "lib/error.h"

#include <stdint.h>

/* Appends one line (control characters in text become spaces). A log that can't be written never stops the
 * upgrade: the caller decides. */
int upgrade_log_append(int root_fd, const char *name, int64_t wall_ms, const char *text, struct error *err)
        _must_check;
int upgrade_log_header(int root_fd, const char *name, int64_t wall_ms, const char *mautic_version,
        const char *php_version, struct error *err) _must_check;
