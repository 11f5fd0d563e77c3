/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/files_beneath.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define TEMPORARY_SUFFIX ".mautic-upgraded"

#define LINK_LIMIT 40 /* the kernel's own, path_resolution(7) */
#define DEPTH_LIMIT 128
#define RACE_LIMIT 1000

static _Atomic bool kernel_has_openat2 = true;

/*
 * The walk: a stack of the folders from dir_fd down to where the walk stands, and the text still to be
 * walked.
 * ".." goes back on the stack, so it can't leave; a link's text is put in front of the rest.
 */
struct beneath {
        int folders[DEPTH_LIMIT];
        size_t depth;
        char *rest;
        unsigned links;
};

static void beneath_deinit(struct beneath *walk)
{
        int saved = errno;
        while (walk->depth > 0)
                closep(&walk->folders[--walk->depth]);
        free(walk->rest);
        errno = saved;
}

static int fail(int number)
{
        errno = number;
        return -1;
}

static int beneath_push(struct beneath *walk, int fd)
{
        if (fd < 0)
                return -1;
        if (walk->depth == DEPTH_LIMIT) {
                close(fd);
                return fail(ENAMETOOLONG);
        }
        walk->folders[walk->depth++] = fd;
        return 0;
}

/* Puts the link's text in front of what is still to be walked. */
static int beneath_follow(struct beneath *walk, const char *name)
{
        char target[PATH_MAX];
        ssize_t size = readlinkat(walk->folders[walk->depth - 1], name, target, sizeof(target));
        if (size < 0)
                return -1;
        if ((size_t)size == sizeof(target) || size == 0)
                return fail(ENAMETOOLONG);
        if (target[0] == '/')
                return fail(EXDEV);
        if (++walk->links > LINK_LIMIT)
                return fail(ELOOP);
        string_replace(&walk->rest, string_format("%.*s/%s", (int)size, target, walk->rest));
        return strlen(walk->rest) < PATH_MAX ? 0 : fail(ENAMETOOLONG);
}

/* One component in the middle of the path. */
static int beneath_step(struct beneath *walk, const char *name)
{
        if (strcmp(name, ".") == 0)
                return 0;
        if (strcmp(name, "..") == 0) {
                if (walk->depth == 1)
                        return fail(EXDEV);
                closep(&walk->folders[--walk->depth]);
                return 0;
        }
        int folder = walk->folders[walk->depth - 1];
        struct stat status;
        if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
                return -1;
        if (S_ISLNK(status.st_mode))
                return beneath_follow(walk, name);
        return beneath_push(
                walk, uninterrupted(openat(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)));
}

static int beneath_last(struct beneath *walk, const char *name, int flags, mode_t mode)
{
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
                if (beneath_step(walk, name) < 0)
                        return -1;
                name = ".";
        }
        return uninterrupted(
                openat(walk->folders[walk->depth - 1], name, flags | O_NOFOLLOW | O_CLOEXEC, mode));
}

/* Cuts the first component off rest; *ret_is_last when only slashes are behind it. */
static char *beneath_cut(struct beneath *walk, bool *ret_is_last)
{
        const char *start = walk->rest + strspn(walk->rest, "/");
        size_t size = strcspn(start, "/");
        const char *behind = start + size + strspn(start + size, "/");
        char *name = memory_copy(start, size);
        *ret_is_last = *behind == '\0';
        string_replace(&walk->rest, string_copy(behind));
        return name;
}

static int walk_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
        _cleanup_(beneath_deinit) struct beneath walk = {.rest = string_copy(path)};
        if (*path == '/')
                return fail(EXDEV);
        if (*path == '\0')
                return fail(ENOENT);
        if (beneath_push(&walk, uninterrupted(openat(dir_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC))) < 0)
                return -1;
        for (;;) {
                bool last;
                _cleanup_free_ char *name = beneath_cut(&walk, &last);
                if (last) {
                        int fd = beneath_last(&walk, name, flags, mode);
                        /* A link at the end, which the caller wants followed: ENOTDIR for O_DIRECTORY. */
                        bool link = fd < 0 && (errno == ELOOP || errno == ENOTDIR);
                        if (!link || flags & O_NOFOLLOW)
                                return fd;
                        int number = errno;
                        if (beneath_follow(&walk, name) < 0)
                                return errno == EINVAL ? fail(number) : -1; /* EINVAL: it is no link */
                } else if (beneath_step(&walk, name) < 0) {
                        return -1;
                }
        }
}

/* Old container sandboxes refuse system calls that they don't know with EPERM. */
static bool openat2_is_refused(void)
{
        struct open_how how = {.flags = O_PATH | O_CLOEXEC};
        _cleanup_close_ int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
        return fd < 0 && (errno == ENOSYS || errno == EPERM);
}

int open_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
        struct open_how how = {
                .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                .mode = flags & (O_CREAT | __O_TMPFILE) ? mode & 07777 : 0,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
        };
        for (unsigned tries = 0; atomic_load(&kernel_has_openat2) && tries < RACE_LIMIT; tries++) {
                int fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
                if (fd >= 0)
                        return fd;
                if (errno == ENOSYS || (errno == EPERM && openat2_is_refused()))
                        atomic_store(&kernel_has_openat2, false);
                else if (errno != EAGAIN && errno != EINTR) /* EAGAIN: a rename somewhere crossed a ".." */
                        return -1;
        }
        if (atomic_load(&kernel_has_openat2))
                return fail(EAGAIN);
        return walk_beneath(dir_fd, path, flags, mode);
}

int parent_open(int dir_fd, const char *path, int *ret_fd, char **ret_name, struct error *err)
{
        size_t end = strlen(path);
        while (end > 1 && path[end - 1] == '/')
                end--;
        size_t start = end;
        while (start > 0 && path[start - 1] != '/')
                start--;
        _cleanup_free_ char *name = memory_copy(path + start, end - start);
        _cleanup_free_ char *folder = start > 0 ? memory_copy(path, start) : string_copy(".");
        if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return error_set(err, REASON_UNSAFE_PATH, "\"%s\" does not name an entry of a folder", path);
        int fd = open_beneath(dir_fd, folder, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0 && errno == ENOENT)
                return 1;
        if (fd < 0)
                return error_set_errno(err, errno, "can't open the folder of %s", path);
        *ret_fd = fd;
        *ret_name = steal(&name);
        return 0;
}

bool file_is_temporary(const char *name)
{
        size_t length = strlen(name), suffix = strlen(TEMPORARY_SUFFIX);
        return name[0] == '.' && length > suffix + 1 && strcmp(name + length - suffix, TEMPORARY_SUFFIX) == 0;
}

char *temporary_name(const char *name)
{
        /* NAME_MAX is 255 bytes. */
        return string_format(".%.200s" TEMPORARY_SUFFIX, name);
}
