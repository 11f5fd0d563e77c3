/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/listener.h"

#include "daemon/peer.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define BACKLOG 256

int listener_check_path(const char *path, struct error *err)
{
        size_t limit = sizeof((struct sockaddr_un){0}.sun_path) - 1;
        if (strlen(path) > limit)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the socket's path %s has %zu bytes and may have %zu: choose a shorter one "
                        "(--socket)",
                        path, strlen(path), limit);
        return 0;
}

static struct sockaddr_un address_of(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        memcpy(address.sun_path, path, strlen(path));
        return address;
}

/* Makes way for the socket: 0 when nothing stands at path (any more). */
static int remove_stale(const char *path, struct error *err)
{
        struct stat status;
        if (lstat(path, &status) < 0)
                return errno == ENOENT ? 0 : error_set_errno(err, errno, "looking at %s", path);
        if (!S_ISSOCK(status.st_mode))
                return error_set(err, REASON_ALREADY_EXISTS, "%s is there and is no socket", path);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return error_set_errno(err, errno, "making a socket");
        struct sockaddr_un address = address_of(path);
        /* EAGAIN: its backlog is full, so somebody has it. */
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN)
                return error_set(err, REASON_LOCKED, "another program listens on %s", path);
        if (errno != ECONNREFUSED)
                return error_set_errno(err, errno, "trying %s", path);
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "removing the old socket %s", path);
        return 0;
}

/* Between bind and listen nobody can connect, so the mode is right before it matters. */
static int set_rights(const char *path, gid_t group, struct error *err)
{
        if (group != PEER_NO_GROUP && lchown(path, (uid_t)-1, group) < 0)
                return error_set_errno(err, errno, "giving %s to the group %u", path, (unsigned)group);
        if (chmod(path, group == PEER_NO_GROUP ? 0600 : 0660) < 0)
                return error_set_errno(err, errno, "setting the mode of %s", path);
        return 0;
}

int listener_open(const char *path, gid_t group, int *ret_fd, struct error *err)
{
        if (listener_check_path(path, err) < 0 || remove_stale(path, err) < 0)
                return -1;
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return error_set_errno(err, errno, "making a socket");
        struct sockaddr_un address = address_of(path);
        if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return error_set_errno(err, errno, "binding the socket %s", path);
        if (set_rights(path, group, err) < 0)
                return -1;
        if (listen(fd, BACKLOG) < 0)
                return error_set_errno(err, errno, "listening on %s", path);
        *ret_fd = steal_fd(&fd);
        return 0;
}
