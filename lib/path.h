/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Paths as text: nothing is looked at on disk, so both must be written alike (absolute and resolved, or below
 * the same folder). */

#include <stdbool.h>

/* Points behind folder and its '/' into path: "" when path is the folder itself, NULL when it does not lie in
 * it. "/srv/mautic-2" does not lie in "/srv/mautic". */
const char *path_below(const char *path, const char *folder);
/* The last part; the path itself when it has no '/'. */
const char *path_name(const char *path);
/* What is in front of the last part, "." for a path without '/'; owned by the caller. */
char *path_parent(const char *path);
