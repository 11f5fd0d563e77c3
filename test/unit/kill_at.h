/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A child that dies at its Nth act on disk. The calls that change names and sync are defined here: our static
 * libraries and SQLite take these, which count, and end the process at the chosen one. Syncs are counted but
 * not done, as no test pulls the plug. Included once, by the test program's only file.
 */

#include "lib/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define EXIT_KILLED 99

static unsigned acts, kill_at;
static _unused const char *refused_name; /* no unlink of this one works */
static _unused int rename_number; /* not 0: no renameat2 works, for that errno */
static _unused void (*before_rename)(const char *from, const char *to); /* to put something in the way */

static void act(void)
{
        if (++acts == kill_at)
                _exit(EXIT_KILLED);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
        act();
        if (before_rename)
                before_rename(from, to);
        if (rename_number) {
                errno = rename_number;
                return -1;
        }
        return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
        act();
        return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int mkdirat(int fd, const char *path, mode_t mode)
{
        act();
        return (int)syscall(SYS_mkdirat, fd, path, mode);
}

int unlinkat(int fd, const char *path, int flags)
{
        act();
        if (refused_name && strcmp(path, refused_name) == 0) {
                errno = EPERM;
                return -1;
        }
        return (int)syscall(SYS_unlinkat, fd, path, flags);
}

int fsync(int fd)
{
        act();
        return 0;
}

int fdatasync(int fd)
{
        act();
        return 0;
}

int syncfs(int fd)
{
        act();
        return 0;
}

/* Runs function in a child that dies at its Nth act. Returns true when it died, false when it came to its
 * end, whose result (0 to 98) is *ret_result then. */
static _unused bool dies_at(unsigned number, int (*function)(void *), void *userdata, int *ret_result)
{
        (void)fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
                acts = 0;
                kill_at = number;
                _exit(function(userdata));
        }
        int status = 0;
        if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
                abort();
        *ret_result = WEXITSTATUS(status);
        return *ret_result == EXIT_KILLED;
}
