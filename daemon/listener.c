/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/listener.h"

#include "daemon/peer.h"

#include "lib/memory.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
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

/* Between bind and listen nobody can connect, so the mode is right before it matters. What is looked at is
 * what is changed: a link that somebody puts there meanwhile leads nowhere. */
int listener_set_rights(const char *path, gid_t group, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat status;
        if (fd < 0 || fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "looking at the socket %s", path);
        if (!S_ISSOCK(status.st_mode))
                return error_set(err, REASON_UNSAFE_PATH, "%s is no socket any more", path);
        if (group != PEER_NO_GROUP && fchownat(fd, "", (uid_t)-1, group, AT_EMPTY_PATH) < 0)
                return error_set_errno(err, errno, "giving %s to the group %u", path, (unsigned)group);
        _cleanup_free_ char *itself = string_format("/proc/self/fd/%d", fd); /* fchmod takes no such one */
        if (chmod(itself, group == PEER_NO_GROUP ? 0600 : 0660) < 0)
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
        if (listener_set_rights(path, group, err) < 0)
                return -1;
        if (listen(fd, BACKLOG) < 0)
                return error_set_errno(err, errno, "listening on %s", path);
        *ret_fd = steal_fd(&fd);
        return 0;
}

/* The address in dots or colons, and its port in digits, of "127.0.0.1:8470" or "[::1]:8470". */
static bool split_address(const char *text, char *ret_host, size_t size, uint16_t *ret_port)
{
        const char *colon = strrchr(text, ':');
        if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
                strlen(colon + 1) > 5)
                return false;
        unsigned long port = strtoul(colon + 1, NULL, 10);
        size_t length = (size_t)(colon - text);
        if (port > UINT16_MAX || length >= size)
                return false;
        memcpy(ret_host, text, length);
        ret_host[length] = '\0';
        *ret_port = (uint16_t)port;
        return true;
}

static bool parse_host(const char *host, uint16_t port, struct sockaddr_storage *ret)
{
        struct sockaddr_in *four = (struct sockaddr_in *)ret;
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
        *ret = (struct sockaddr_storage){0};
        if (string_equal(host, "[::1]")) {
                six->sin6_family = AF_INET6;
                six->sin6_port = htons(port);
                six->sin6_addr = in6addr_loopback;
                return true;
        }
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        return inet_pton(AF_INET, host, &four->sin_addr) == 1 &&
               ntohl(four->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

int listener_parse_address(const char *text, struct sockaddr_storage *ret, struct error *err)
{
        char host[INET6_ADDRSTRLEN + 2];
        struct sockaddr_storage address;
        uint16_t port;
        if (!split_address(text, host, sizeof(host), &port) || !parse_host(host, port, &address))
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "listen.address = %.100s: must be a loopback address with a port, 127.0.0.1:8470 or "
                        "[::1]:8470; a web server in front of it makes it reachable from elsewhere",
                        text);
        *ret = address;
        return 0;
}

static socklen_t address_size(const struct sockaddr_storage *address)
{
        return address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
}

static char *address_name(const struct sockaddr_storage *address)
{
        char host[INET6_ADDRSTRLEN];
        const struct sockaddr_in *four = (const struct sockaddr_in *)address;
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;
        if (address->ss_family == AF_INET6)
                return string_format("[%s]:%u", inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host)),
                        (unsigned)ntohs(six->sin6_port));
        return string_format("%s:%u", inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host)),
                (unsigned)ntohs(four->sin_port));
}

int listener_open_address(
        const struct sockaddr_storage *address, int *ret_fd, char **ret_name, struct error *err)
{
        static const int yes = 1;
        struct sockaddr_storage bound = {0};
        socklen_t size = sizeof(bound);
        _cleanup_free_ char *name = address_name(address);
        _cleanup_close_ int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return error_set_errno(err, errno, "making a socket for %s", name);
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        if (bind(fd, (const struct sockaddr *)address, address_size(address)) < 0 || listen(fd, BACKLOG) < 0)
                return errno == EADDRINUSE
                               ? error_set(err, REASON_LOCKED,
                                         "another program listens on %s (listen.address)", name)
                               : error_set_errno(err, errno, "listening on %s (listen.address)", name);
        if (getsockname(fd, (struct sockaddr *)&bound, &size) < 0)
                return error_set_errno(err, errno, "listening on %s", name);
        *ret_name = address_name(&bound);
        *ret_fd = steal_fd(&fd);
        return 0;
}
