/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The files and folders that make a site known, each made so that the same call again, after a kill at any
 * place, finds it done or does it. They lie in folders of root's, where links are the administrator's own. */

#include "lib/files.h"

/* Opens a folder given by its absolute path, and makes what is missing of it with mode 0755. */
int system_folder_open(const char *path, int *ret_fd, struct error *err) _must_check;

/* Writes path (absolute) unless it holds just that. 1 when it did. */
int system_file_write(const char *path, const char *text, struct error *err) _must_check;
/* Removes it; the folder, too, when it is empty then. 1 when it was not there. */
int system_file_remove(const char *path, bool with_folder, struct error *err) _must_check;

/* Makes a folder of that owner's with mode 0700, or takes one that is his, or root's and still empty. 1 when
 * it was there. Another's: REASON_PERMISSION_DENIED. */
int state_folder_make(const char *path, uid_t uid, gid_t gid, struct error *err) _must_check;
