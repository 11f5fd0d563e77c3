/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD library that counts the daemon's acts (system calls that change something, and database queries)
 * and, at the chosen one, kills the process or lets that call fail once.
 *
 *   FAULT_STAGE=NAME   count only while this stage is at work (the daemon's log line "stage=NAME
 * state=running" on stderr opens it, the next state= of a stage closes it); unset: from the first act on
 *   FAULT_CALL=NAME    count only this call (write, pwrite64, renameat2, …); unset: all
 *   FAULT_AT=N         act on the N-th counted call, from 1; unset: only trace
 *   FAULT_ACTION=…     kill (SIGKILL before the call), kill-after, or the name of an errno: that call fails
 * with it FAULT_TRACE=FILE   append "stage number call path" for each counted call
 *
 * It needs no help from the product: the log line is what an admin reads as well.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
        pthread_mutex_t lock;
        int trace_fd;
        const char *stage;
        const char *call;
        int stays;
        long at;
        const char *action;
        char current[64];
        long count;
        int fired;
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER, .trace_fd = -1};

static const struct {
        const char *name;
        int number;
} errnos[] = {
        {"ENOSPC", ENOSPC},
        {"EIO", EIO},
        {"EACCES", EACCES},
        {"EINTR", EINTR},
        {"EDQUOT", EDQUOT},
        {"EROFS", EROFS},
};

#define NEXT(type, name) ((type)(dlsym(RTLD_NEXT, name)))

static ssize_t next_write(int fd, const void *data, size_t size)
{
        return NEXT(ssize_t(*)(int, const void *, size_t), "write")(fd, data, size);
}

__attribute__((constructor)) static void read_settings(void)
{
        const char *trace = getenv("FAULT_TRACE");
        fault.stage = getenv("FAULT_STAGE");
        fault.call = getenv("FAULT_CALL");
        fault.stays = getenv("FAULT_STAYS") != NULL;
        fault.action = getenv("FAULT_ACTION");
        fault.at = getenv("FAULT_AT") ? atol(getenv("FAULT_AT")) : 0;
        strcpy(fault.current, "-");
        if (trace)
                fault.trace_fd = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* Follows the daemon's own log: "… stage=NAME … state=WORD …". */
static void follow_log(const char *line, size_t size)
{
        const char *stage = memmem(line, size, " stage=", 7);
        const char *state = memmem(line, size, " state=", 7);
        const char *end = line + size;
        if (!stage || !state)
                return;
        stage += 7;
        state += 7;
        size_t stage_size = 0;
        while (stage + stage_size < end && stage[stage_size] != ' ' && stage_size < sizeof(fault.current) - 1)
                stage_size++;
        pthread_mutex_lock(&fault.lock);
        if (end - state >= 7 && memcmp(state, "running", 7) == 0) {
                memcpy(fault.current, stage, stage_size);
                fault.current[stage_size] = '\0';
        } else {
                strcpy(fault.current, "-");
        }
        pthread_mutex_unlock(&fault.lock);
}

static void die(void)
{
        kill(getpid(), SIGKILL);
        for (;;)
                pause();
}

/* Counts one act. Returns 0 to go on, or the errno value that the call is to fail with; *ret_kill_after is
 * set when the process must die behind the call. */
static int act(const char *call, const char *path, int *ret_kill_after)
{
        int now = 0, saved = errno;
        pthread_mutex_lock(&fault.lock);
        bool counts = (!fault.stage || strcmp(fault.stage, fault.current) == 0) &&
                      (!fault.call || strcmp(fault.call, call) == 0);
        if (counts || (fault.fired && fault.stays && fault.call && strcmp(fault.call, call) == 0)) {
                fault.count++;
                if (fault.trace_fd >= 0) {
                        char line[512];
                        int size = snprintf(line, sizeof(line), "%s %ld %s %s\n", fault.current, fault.count,
                                call, path ? path : "-");
                        if (size >= (int)sizeof(line))
                                size = sizeof(line) - 1;
                        for (int i = 0; i < size - 1; i++) /* a name may hold a new line */
                                if (line[i] == '\n')
                                        line[i] = '?';
                        line[size - 1] = '\n';
                        (void)!next_write(fault.trace_fd, line, (size_t)size);
                }
                if (fault.at > 0 && fault.count >= fault.at && (!fault.fired || fault.stays) && fault.action)
                        fault.fired = now = 1;
        }
        pthread_mutex_unlock(&fault.lock);
        errno = saved;
        if (!now)
                return 0;
        if (strcmp(fault.action, "kill") == 0)
                die();
        if (strcmp(fault.action, "kill-after") == 0)
                *ret_kill_after = 1;
        for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
                if (strcmp(fault.action, errnos[i].name) == 0)
                        return errnos[i].number;
        return 0;
}

/* One interposed call: its act is counted; then the real one is made, or it fails, or the process dies. */
#define INTERPOSE(type, name, parameters, arguments, path)                                                   \
        type name parameters                                                                                 \
        {                                                                                                    \
                int kill_after = 0;                                                                          \
                int number = act(#name, path, &kill_after);                                                  \
                if (number) {                                                                                \
                        errno = number;                                                                      \
                        return (type)-1;                                                                     \
                }                                                                                            \
                type result = NEXT(type(*) parameters, #name) arguments;                                     \
                if (kill_after)                                                                              \
                        die();                                                                               \
                return result;                                                                               \
        }

INTERPOSE(int, rename, (const char *from, const char *to), (from, to), from)
INTERPOSE(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), from)
INTERPOSE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
        (a, from, b, to, flags), from)
INTERPOSE(int, unlink, (const char *path), (path), path)
INTERPOSE(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), path)
INTERPOSE(int, rmdir, (const char *path), (path), path)
INTERPOSE(int, mkdir, (const char *path, mode_t mode), (path, mode), path)
INTERPOSE(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), path)
INTERPOSE(int, symlinkat, (const char *target, int fd, const char *path), (target, fd, path), path)
INTERPOSE(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags),
        from)
INTERPOSE(int, fchmod, (int fd, mode_t mode), (fd, mode), NULL)
INTERPOSE(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), NULL)
INTERPOSE(int, ftruncate, (int fd, off_t size), (fd, size), NULL)
INTERPOSE(int, ftruncate64, (int fd, off64_t size), (fd, size), NULL)
INTERPOSE(int, fsync, (int fd), (fd), NULL)
INTERPOSE(int, fdatasync, (int fd), (fd), NULL)
INTERPOSE(int, syncfs, (int fd), (fd), NULL)
INTERPOSE(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t offset), (fd, data, size, offset),
        NULL)
INTERPOSE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t offset),
        (fd, data, size, offset), NULL)

ssize_t write(int fd, const void *data, size_t size)
{
        struct stat st;
        int kill_after = 0;
        if (fd == STDERR_FILENO) {
                follow_log(data, size);
        } else if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
                int number = act("write", NULL, &kill_after);
                if (number) {
                        errno = number;
                        return -1;
                }
        }
        ssize_t result = next_write(fd, data, size);
        if (kill_after)
                die();
        return result;
}

/* openat2(2) and renameat2(2) may come through syscall(3): the C library has no openat2. */
long syscall(long number, ...)
{
        va_list list;
        va_start(list, number);
        long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long),
             e = va_arg(list, long), f = va_arg(list, long);
        va_end(list);
        int kill_after = 0, failure = 0;
        if (number == SYS_renameat2) {
                failure = act("renameat2", (const char *)b, &kill_after);
        } else if (number == SYS_openat2) {
                const unsigned long long *how = (const unsigned long long *)c;
                if (how[0] & (O_CREAT | O_TRUNC))
                        failure = act("openat2", (const char *)b, &kill_after);
        }
        if (failure) {
                errno = failure;
                return -1;
        }
        long result = NEXT(long (*)(long, ...), "syscall")(number, a, b, c, d, e, f);
        if (kill_after)
                die();
        return result;
}

static int open_and_count(const char *next, int fd, const char *path, int flags, mode_t mode)
{
        int kill_after = 0;
        if (flags & (O_CREAT | O_TRUNC)) {
                int number = act("open", path, &kill_after);
                if (number) {
                        errno = number;
                        return -1;
                }
        }
        int result = NEXT(int (*)(int, const char *, int, ...), next)(fd, path, flags, mode);
        if (kill_after)
                die();
        return result;
}

#define INTERPOSE_OPEN(name, parameters, fd, next)                                                           \
        int name parameters                                                                                  \
        {                                                                                                    \
                va_list list;                                                                                \
                va_start(list, flags);                                                                       \
                mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                      \
                va_end(list);                                                                                \
                return open_and_count(next, fd, path, flags, mode);                                          \
        }

INTERPOSE_OPEN(open, (const char *path, int flags, ...), AT_FDCWD, "openat")
INTERPOSE_OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, "openat64")
INTERPOSE_OPEN(openat, (int fd, const char *path, int flags, ...), fd, "openat")
INTERPOSE_OPEN(openat64, (int fd, const char *path, int flags, ...), fd, "openat64")

/* A query on the site's database; an errno makes no sense here, so only the kills apply. */
int mysql_real_query(void *mysql, const char *text, unsigned long size);
int mysql_real_query(void *mysql, const char *text, unsigned long size)
{
        int kill_after = 0;
        (void)act("query", NULL, &kill_after);
        int result =
                NEXT(int (*)(void *, const char *, unsigned long), "mysql_real_query")(mysql, text, size);
        if (kill_after)
                die();
        return result;
}
