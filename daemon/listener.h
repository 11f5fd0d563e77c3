/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The sockets that the API listens on: a Unix one, and where it is wanted one on a loopback address. */

#include "lib/error.h"

#include <sys/socket.h>
#include <sys/types.h>

/* REASON_INVALID_ARGUMENT when the path is too long for a sockaddr_un. */
int listener_check_path(const char *path, struct error *err) _must_check;

/* A loopback address with its port, "127.0.0.1:8470" or "[::1]:8470"; port 0: any that is free.
 * REASON_CONFIGURATION_INVALID: it is none, or others than this machine could reach it. */
int listener_parse_address(const char *text, struct sockaddr_storage *ret, struct error *err) _must_check;
/* Binds and listens there; *ret_name is what was bound, "127.0.0.1:8470", owned by the caller. REASON_LOCKED
 * when it is taken. */
int listener_open_address(
        const struct sockaddr_storage *address, int *ret_fd, char **ret_name, struct error *err) _must_check;

/* Binds and listens on path, mode 0600, or 0660 with that group. A socket that nobody listens on any more is
 * replaced: the caller holds the lock of the state folder, so its owner is gone. REASON_LOCKED when somebody
 * does listen, REASON_ALREADY_EXISTS when something else stands there. */
int listener_open(const char *path, gid_t group, int *ret_fd, struct error *err) _must_check;
/* The rights of such a socket. REASON_UNSAFE_PATH when something else stands there: no link is followed. */
int listener_set_rights(const char *path, gid_t group, struct error *err) _must_check;
