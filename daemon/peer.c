/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/peer.h"

#include "lib/memory.h"

#include <sys/socket.h>

#ifndef SO_PEERGROUPS /* Linux 4.13 */
#define SO_PEERGROUPS 59
#endif

static bool has_supplementary_group(int fd, gid_t group)
{
        _cleanup_free_ gid_t *groups = NULL;
        socklen_t size = 0;
        /* NGROUPS_MAX is 65536: that many at most. */
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE || size == 0)
                return false;
        groups = memory_new(size);
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
                return false;
        for (size_t i = 0; i < size / sizeof(*groups); i++)
                if (groups[i] == group)
                        return true;
        return false;
}

struct peer peer_of(int fd, gid_t group)
{
        struct ucred peer;
        socklen_t size = sizeof(peer);
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid == (uid_t)-1)
                return (struct peer){.uid = (uid_t)-1};
        bool in_group = group != PEER_NO_GROUP && (peer.gid == group || has_supplementary_group(fd, group));
        return (struct peer){.uid = peer.uid,
                .pid = peer.pid,
                .may_drive = peer.uid == 0 || peer.uid == geteuid() || in_group};
}
