/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clang-format off */
/*
 * LD_PRELOAD library that counts the daemon's acts (system calls that change something, and database queries)
 * and, at the chosen one, kills the process or lets that call fail.
 *
 *   FAULT_STAGE=NAME   count only while this stage is at work: the daemon's log line "stage=NAME state=running" on
 *                      stderr opens it ("undo:NAME" for state=undoing; "clean" for an upgrade's state=cleaning), the next
 *                      state= closes it; "-": what is done in no stage, "!-": in any. Unset: all acts, from the first one on
 *   FAULT_CALL=NAME    count only this call (write, pwrite64, renameat2, ...), with "!" in front all but this; unset:
 *                      all
 *   FAULT_AT=N         act on the N-th counted call, from 1; unset: only trace
 *   FAULT_EVERY=N      and on each N-th after it; unset: once
 *   FAULT_STAYS=yes    and on every such call from then on, in whatever stage
 *   FAULT_ACTION=...   kill (SIGKILL before the call), kill-after, the name of another signal (SIGSTOP, ...), or of an
 *                      errno: that call fails
 *   FAULT_PLAN=S:C:N:A,...  several at once, each of a stage, a call ("*": any), a number and an action, instead of
 *                      the above
 *   FAULT_TRACE=FILE   append "stage number call path" for each counted call
 *   FAULT_FIRED=FILE   append "stage number call path action" when it acts
 *   FAULT_CLOCK=S:N    the wall clock is N seconds off as soon as stage S has begun
 *
 * It needs no help from the product: the log line is what an admin reads as well. What the daemon starts is
 * left alone.
 */
/* clang-format on */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define POINTS 64

struct point {
        const char *stage, *call, *not_on, *action;
        long at, every, count;
        bool stays, fired;
};

static struct {
        pthread_mutex_t lock;
        int trace_fd, fired_fd;
        char current[64];
        struct point points[POINTS];
        size_t point_count;
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER, .trace_fd = -1, .fired_fd = -1, .current = "-"};

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
        {"EPERM", EPERM},
};

static const struct {
        const char *name;
        int number;
} signals[] = {
        {"SIGHUP", SIGHUP},
        {"SIGINT", SIGINT},
        {"SIGSTOP", SIGSTOP},
        {"SIGTERM", SIGTERM},
};

static struct {
        char stage[64];
        long seconds;
        bool set;
} wall_clock;

#define NEXT(type, name) ((type)(dlsym(RTLD_NEXT, name)))

static ssize_t next_write(int fd, const void *data, size_t size)
{
        return NEXT(ssize_t(*)(int, const void *, size_t), "write")(fd, data, size);
}

static int open_notes(const char *variable)
{
        const char *path = getenv(variable);
        return path ? NEXT(int (*)(const char *, int, ...), "open")(
                              path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
                    : -1;
}

static void read_plan(const char *plan)
{
        char *rest = strdup(plan); /* the points keep it */
        for (char *entry; (entry = strsep(&rest, ",")) && fault.point_count < POINTS;) {
                struct point *point = &fault.points[fault.point_count++];
                char *words[4] = {entry};
                for (int i = 3; i > 0; i--) { /* from the right: a stage may be "undo:NAME" */
                        words[i] = strrchr(entry, ':');
                        *words[i]++ = '\0';
                }
                *point = (struct point){.stage = words[0],
                        .call = strcmp(words[1], "*") == 0 ? NULL : words[1],
                        .at = atol(words[2]),
                        .action = words[3]};
        }
}

__attribute__((constructor)) static void read_settings(void)
{
        const char *plan = getenv("FAULT_PLAN"), *at = getenv("FAULT_AT"), *every = getenv("FAULT_EVERY");
        if (plan)
                read_plan(plan);
        else
                fault.points[fault.point_count++] = (struct point){
                        .stage = getenv("FAULT_STAGE"),
                        .call = getenv("FAULT_CALL"),
                        .not_on = getenv("FAULT_NOT_ON"),
                        .action = getenv("FAULT_ACTION"),
                        .at = at ? atol(at) : 0,
                        .every = every ? atol(every) : 0,
                        .stays = getenv("FAULT_STAYS") != NULL,
                };
        const char *clock = getenv("FAULT_CLOCK");
        if (clock && sscanf(clock, "%63[^:]:%ld", wall_clock.stage, &wall_clock.seconds) != 2)
                abort();
        fault.trace_fd = open_notes("FAULT_TRACE");
        fault.fired_fd = open_notes("FAULT_FIRED");
        unsetenv("LD_PRELOAD");
}

static void work_at(const char *prefix, const char *name, size_t size)
{
        pthread_mutex_lock(&fault.lock);
        (void)snprintf(fault.current, sizeof(fault.current), "%s%.*s", prefix, (int)size, name);
        wall_clock.set = wall_clock.set || strcmp(fault.current, wall_clock.stage) == 0;
        pthread_mutex_unlock(&fault.lock);
}

/* Follows the daemon's own log: "… stage=NAME … state=WORD …". */
static void follow_log(const char *line, size_t size)
{
        if (memmem(line, size, " state=cleaning ", 16))
                work_at("", "clean", 5);
        if (memmem(line, size, " state=cleaned ", 15))
                work_at("", "-", 1);
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
        bool runs = end - state >= 7 && memcmp(state, "running", 7) == 0;
        bool undoes = end - state >= 7 && memcmp(state, "undoing", 7) == 0;
        if (runs || undoes)
                work_at(undoes ? "undo:" : "", stage, stage_size);
        else
                work_at("", "-", 1);
}

static void die(void)
{
        kill(getpid(), SIGKILL);
        for (;;)
                pause();
}

/* One line, whatever bytes the path holds. */
static void note(int fd, long number, const char *call, const char *path, const char *action)
{
        char line[512];
        int size = snprintf(line, sizeof(line), "%s %ld %s %s%s%s\n", fault.current, number, call, path,
                action ? " " : "", action ? action : "");
        if (size >= (int)sizeof(line))
                size = sizeof(line) - 1;
        for (int i = 0; i < size - 1; i++)
                if (line[i] == '\n')
                        line[i] = '?';
        line[size - 1] = '\n';
        (void)!next_write(fd, line, (size_t)size);
}

static bool counts(const struct point *point, const char *call, const char *path)
{
        if (point->call && strcmp(point->call, call) != 0)
                return false;
        if (point->not_on && strstr(path, point->not_on))
                return false;
        if (point->stage && strcmp(point->stage, "!-") == 0)
                return strcmp(fault.current, "-") != 0;
        return !point->stage || strcmp(point->stage, fault.current) == 0 ||
               (point->fired && point->stays && point->call);
}

static bool fires(const struct point *point)
{
        if (point->at == 0 || !point->action || point->count < point->at)
                return false;
        if (point->stays || !point->fired)
                return true;
        return point->every > 0 && (point->count - point->at) % point->every == 0;
}

/* The action that is due, or NULL. */
static const char *count_act(const char *call, const char *path)
{
        const char *action = NULL;
        for (size_t i = 0; i < fault.point_count; i++) {
                struct point *point = &fault.points[i];
                if (!counts(point, call, path))
                        continue;
                point->count++;
                if (i == 0 && fault.trace_fd >= 0)
                        note(fault.trace_fd, point->count, call, path, NULL);
                if (action || !fires(point))
                        continue;
                point->fired = true;
                action = point->action;
                if (fault.fired_fd >= 0)
                        note(fault.fired_fd, point->count, call, path, action);
        }
        return action;
}

/* Counts one act, on a path or, where that is NULL, on a descriptor. Returns 0 to go on, or the errno value
 * that the call is to fail with; *ret_kill_after is set when the process must die behind the call. */
static int act(const char *call, const char *path, int fd, int *ret_kill_after)
{
        int saved = errno;
        char name[64], target[256] = "-";
        if (!path && fd >= 0) {
                (void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
                ssize_t size = readlink(name, target, sizeof(target) - 1);
                if (size > 0)
                        target[size] = '\0';
        }
        pthread_mutex_lock(&fault.lock);
        const char *action = count_act(call, path ? path : target);
        pthread_mutex_unlock(&fault.lock);
        errno = saved;
        if (!action)
                return 0;
        if (strcmp(action, "kill") == 0)
                die();
        if (strcmp(action, "kill-after") == 0)
                *ret_kill_after = 1;
        for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
                if (strcmp(action, signals[i].name) == 0)
                        (void)kill(getpid(), signals[i].number);
        for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
                if (strcmp(action, errnos[i].name) == 0)
                        return errnos[i].number;
        return 0;
}

/* One interposed call: its act is counted; then the real one is made, or it fails, or the process dies. */
#define INTERPOSE(type, name, parameters, arguments, path, on)                                               \
        type name parameters                                                                                 \
        {                                                                                                    \
                int kill_after = 0;                                                                          \
                int number = act(#name, path, on, &kill_after);                                              \
                if (number) {                                                                                \
                        errno = number;                                                                      \
                        return (type)-1;                                                                     \
                }                                                                                            \
                type result = NEXT(type(*) parameters, #name) arguments;                                     \
                if (kill_after)                                                                              \
                        die();                                                                               \
                return result;                                                                               \
        }

INTERPOSE(int, rename, (const char *from, const char *to), (from, to), from, -1)
INTERPOSE(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), from, -1)
INTERPOSE(int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
        (a, from, b, to, flags), from, -1)
INTERPOSE(int, unlink, (const char *path), (path), path, -1)
INTERPOSE(int, unlinkat, (int fd, const char *path, int flags), (fd, path, flags), path, -1)
INTERPOSE(int, rmdir, (const char *path), (path), path, -1)
INTERPOSE(int, mkdir, (const char *path, mode_t mode), (path, mode), path, -1)
INTERPOSE(int, mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), path, -1)
INTERPOSE(int, symlinkat, (const char *target, int fd, const char *path), (target, fd, path), path, -1)
INTERPOSE(int, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags),
        from, -1)
INTERPOSE(int, fchmod, (int fd, mode_t mode), (fd, mode), NULL, fd)
INTERPOSE(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group), NULL, fd)
INTERPOSE(int, ftruncate, (int fd, off_t size), (fd, size), NULL, fd)
INTERPOSE(int, ftruncate64, (int fd, off64_t size), (fd, size), NULL, fd)
INTERPOSE(int, fsync, (int fd), (fd), NULL, fd)
INTERPOSE(int, fdatasync, (int fd), (fd), NULL, fd)
INTERPOSE(int, syncfs, (int fd), (fd), NULL, fd)
INTERPOSE(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t offset), (fd, data, size, offset),
        NULL, fd)
INTERPOSE(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t offset),
        (fd, data, size, offset), NULL, fd)

INTERPOSE(int, symlink, (const char *target, const char *path), (target, path), path, -1)
INTERPOSE(int, link, (const char *from, const char *to), (from, to), from, -1)
INTERPOSE(int, chmod, (const char *path, mode_t mode), (path, mode), path, -1)
INTERPOSE(
        int, fchmodat, (int fd, const char *path, mode_t mode, int flags), (fd, path, mode, flags), path, -1)
INTERPOSE(int, lchown, (const char *path, uid_t user, gid_t group), (path, user, group), path, -1)
INTERPOSE(int, fchownat, (int fd, const char *path, uid_t user, gid_t group, int flags),
        (fd, path, user, group, flags), path, -1)
INTERPOSE(int, futimens, (int fd, const struct timespec times[2]), (fd, times), NULL, fd)
INTERPOSE(int, utimensat, (int fd, const char *path, const struct timespec times[2], int flags),
        (fd, path, times, flags), path, fd)
INTERPOSE(int, fallocate64, (int fd, int mode, off64_t offset, off64_t size), (fd, mode, offset, size), NULL,
        fd)

/* A clone of a file's content. Other requests change no file. */
int ioctl(int fd, unsigned long request, ...)
{
        va_list list;
        va_start(list, request);
        void *argument = va_arg(list, void *);
        va_end(list);
        int kill_after = 0;
        int number = request == FICLONE ? act("ioctl", NULL, fd, &kill_after) : 0;
        if (number) {
                errno = number;
                return -1;
        }
        int result = NEXT(int (*)(int, unsigned long, ...), "ioctl")(fd, request, argument);
        if (kill_after)
                die();
        return result;
}

ssize_t write(int fd, const void *data, size_t size)
{
        struct stat st;
        int kill_after = 0;
        if (fd == STDERR_FILENO) {
                follow_log(data, size);
        } else if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
                int number = act("write", NULL, fd, &kill_after);
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
                failure = act("renameat2", (const char *)b, -1, &kill_after);
        } else if (number == SYS_openat2) {
                const unsigned long long *how = (const unsigned long long *)c;
                if (how[0] & (O_CREAT | O_TRUNC))
                        failure = act("openat2", (const char *)b, -1, &kill_after);
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
                int number = act("open", path, -1, &kill_after);
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

/* A query on the site's database; an errno makes no sense here, so only the kills apply. The one after it
 * comes when the server has answered. */
static _Thread_local int kill_after_answer;

int mysql_send_query(void *mysql, const char *text, unsigned long size);
int mysql_send_query(void *mysql, const char *text, unsigned long size)
{
        char begin[80];
        (void)snprintf(
                begin, sizeof(begin), "%.*s", size < sizeof(begin) ? (int)size : (int)sizeof(begin), text);
        kill_after_answer = 0;
        (void)act("query", begin, -1, &kill_after_answer);
        return NEXT(int (*)(void *, const char *, unsigned long), "mysql_send_query")(mysql, text, size);
}

signed char mysql_read_query_result(void *mysql);
signed char mysql_read_query_result(void *mysql)
{
        signed char result = NEXT(signed char (*)(void *), "mysql_read_query_result")(mysql);
        if (kill_after_answer)
                die();
        return result;
}

/* The wall clock, by each way to ask for it. The steady one is nobody's to set. */

static long clock_error(void)
{
        return wall_clock.set ? wall_clock.seconds : 0;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
        int result = NEXT(int (*)(clockid_t, struct timespec *), "clock_gettime")(clock, ret);
        if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                ret->tv_sec += clock_error();
        return result;
}

int gettimeofday(struct timeval *ret, void *zone)
{
        int result = NEXT(int (*)(struct timeval *, void *), "gettimeofday")(ret, zone);
        if (result == 0)
                ret->tv_sec += clock_error();
        return result;
}

time_t time(time_t *ret)
{
        time_t now = NEXT(time_t(*)(time_t *), "time")(NULL) + clock_error();
        if (ret)
                *ret = now;
        return now;
}
