/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the releases 2.16.3 to 2.16.5 put on disk, as far as it must be told from what users put there.
 * Source: the trees of mautic/mautic at these tags, compared with those of 3.0.0, 3.0.1, 3.0.2 and 3.3.5.
 */

#include "lib/error.h"

#include <stdbool.h>

/* An entry of the root (name without '/') that is Mautic 2's code, or of its development tree. */
bool mautic_2_ships(const char *name);

/* A path below plugins/, themes/ or media/ that Mautic 2 ships and no Mautic 3 has: code that must not come
 * back among Mautic 3's. */
bool mautic_2_dropped(const char *path);

/* "plugins/MauticCrmBundle", "themes/blank": a plugin or theme that Mautic 2 ships. */
bool mautic_2_ships_package(const char *path);

/* Files of the root that both ship and users edit. */
extern const char *const mautic_2_edited_files[]; /* ends with NULL */
/* Whether the file at path is one of those, byte for byte as a release has it. */
int mautic_2_file_is_stock(int dir_fd, const char *path, bool *ret, struct error *err) _must_check;
