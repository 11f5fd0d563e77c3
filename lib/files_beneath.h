/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Opening below a folder, for files.c and files_tree.c alone: everybody else goes through lib/files.h.
 */

#include "lib/error.h"

#include <sys/types.h>

/* openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS), or the same done component by component where the kernel
 * or a sandbox has no openat2. O_CLOEXEC is added, O_NOFOLLOW is not. Returns a descriptor, or -1 with errno:
 * EXDEV when the path leads out. */
int open_beneath(int dir_fd, const char *path, int flags, mode_t mode) _must_check;

/* The folder that holds path's last component, open for reading, and that component (owned by the caller).
 * Links on the way are followed while they stay below dir_fd. 1 when the folder is not there. A path without
 * a last component (".", "a/..", "") is REASON_UNSAFE_PATH. */
int parent_open(int dir_fd, const char *path, int *ret_fd, char **ret_name, struct error *err) _must_check;

/* The name under which what becomes `name` is made: the same at each try, so that the next try finds and
 * removes what a kill left behind. Owned by the caller. */
char *temporary_name(const char *name);
