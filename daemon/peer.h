/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who is at the other end of a Unix socket, by what the kernel noted when it connected. */

#include <stdbool.h>
#include <sys/types.h>

#define PEER_NO_GROUP ((gid_t)-1)

struct peer {
        uid_t uid; /* (uid_t)-1: the kernel does not say */
        pid_t pid;
        bool may_drive; /* root, this process's user, or in the group (its own or a supplementary one) */
};

/* Reads who connected. group may be PEER_NO_GROUP. */
struct peer peer_of(int fd, gid_t group);
