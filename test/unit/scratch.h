/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the unit tests share: a scratch folder, a small file system to fill, a child without rights, and
 * assertions that show the error. Include it behind <cmocka.h>.
 */

#include "lib/error.h"
#include "lib/memory.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both need a `struct error err` in sight. */
#define assert_result(call, expected)                                                                        \
        do {                                                                                                 \
                int assert_value = (call);                                                                   \
                if (assert_value != (expected))                                                              \
                        fail_msg("%s gave %d: %s", #call, assert_value, error_message(&err));                \
        } while (0)
#define assert_ok(call) assert_result(call, 0)
#define assert_fails(call, expected)                                                                         \
        do {                                                                                                 \
                int assert_value = (call);                                                                   \
                if (assert_value >= 0)                                                                       \
                        fail_msg("%s gave %d instead of an error", #call, assert_value);                     \
                if (err.reason != (expected))                                                                \
                        fail_msg("%s: %s instead of %s: %s", #call, reason_name(err.reason),                 \
                                reason_name(expected), error_message(&err));                                 \
        } while (0)

struct scratch {
        char *path;
        int fd;
};

static inline struct scratch scratch_make(void)
{
        const char *base = getenv("TMPDIR");
        struct scratch scratch = {.path = string_format("%s/unit-XXXXXX", base ? base : "/tmp")};
        assert_non_null(mkdtemp(scratch.path));
        scratch.fd = open(scratch.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(scratch.fd >= 0);
        return scratch;
}

static inline int scratch_wait(pid_t child)
{
        int status;
        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return -1;
        return status;
}

static inline void scratch_run(const char *program, const char *option, const char *mode, const char *path)
{
        pid_t child = fork();
        if (child == 0) {
                const char *arguments[] = {program, option, mode, path, NULL};
                execvp(program, (char *const *)arguments);
                _exit(127);
        }
        (void)scratch_wait(child);
}

static inline void scratch_remove(struct scratch *scratch)
{
        if (!scratch->path)
                return;
        closep(&scratch->fd);
        (void)umount2(scratch->path, MNT_DETACH);
        scratch_run("chmod", "-R", "u+rwX", scratch->path); /* folders that their owner may not change */
        scratch_run("rm", "-rf", "--", scratch->path);
        free(scratch->path);
        *scratch = (struct scratch){.fd = -1};
}
#define _cleanup_scratch_ _unused _cleanup_(scratch_remove)

/* Mounts a tmpfs over the scratch folder, seen by this process alone; false where the user may not. */
static inline bool scratch_mount(struct scratch *scratch, const char *options)
{
        static bool own_namespace;
        if (!own_namespace &&
                (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0))
                return false;
        own_namespace = true;
        if (mount("tmpfs", scratch->path, "tmpfs", 0, options) < 0)
                return false;
        closep(&scratch->fd);
        scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return scratch->fd >= 0;
}

static inline void scratch_write(
        const struct scratch *scratch, const char *name, const void *data, size_t size)
{
        _cleanup_close_ int fd = openat(scratch->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        assert_true(fd >= 0);
        assert_true(write(fd, data, size) == (ssize_t)size);
}

/* The whole content, NUL behind it; NULL when it can't be read. */
static inline char *scratch_read(const struct scratch *scratch, const char *name, size_t *ret_size)
{
        _cleanup_buffer_ struct buffer content = {0};
        _cleanup_close_ int fd = openat(scratch->fd, name, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return NULL;
        char piece[4096];
        ssize_t count;
        while ((count = read(fd, piece, sizeof(piece))) > 0)
                buffer_append(&content, piece, (size_t)count);
        if (ret_size)
                *ret_size = content.size;
        return buffer_steal(&content);
}

static inline bool scratch_has(const struct scratch *scratch, const char *name)
{
        struct stat status;
        return fstatat(scratch->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Runs the function in a child; for root, as a user without rights to whom the scratch folder is given.
 * Returns the function's result (0 to 255), -1 when the child died otherwise. */
static inline int scratch_as_user(
        const struct scratch *scratch, int (*function)(const struct scratch *scratch))
{
        bool root = geteuid() == 0;
        if (root && fchown(scratch->fd, 65534, 65534) < 0)
                return -1;
        pid_t child = fork();
        if (child == 0) {
                if (root && (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(254);
                _exit(function(scratch));
        }
        int status = scratch_wait(child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
