/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The Unix socket that the API listens on. */

#include "lib/error.h"

#include <sys/types.h>

/* True when the path fits into a sockaddr_un. */
int listener_check_path(const char *path, struct error *err) _must_check;

/* Binds and listens on path, mode 0600, or 0660 with that group. A socket that nobody listens on any more is
 * replaced: the caller holds the lock of the state folder, so its owner is gone. REASON_LOCKED when somebody
 * does listen, REASON_ALREADY_EXISTS when something else stands there. */
int listener_open(const char *path, gid_t group, int *ret_fd, struct error *err) _must_check;
