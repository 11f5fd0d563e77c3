/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/process.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/process_output.h"
#include "lib/pulse.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define TICK_MS 100
#define TERMINATE_MS 5000 /* from SIGTERM to SIGKILL */
#define KILLED_MS 5000 /* from SIGKILL to giving up on one that the kernel does not let go of */
#define GRACE_MS 2000 /* for a grandchild that keeps our pipe open after the child's end */
#define MESSAGE_LIMIT 2000
#define SYSTEM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* All that the child needs between fork and exec, made ready before: afterwards only async-signal-safe calls
 * are allowed, as another thread may have held any lock at the fork. */
struct launch {
        const char *path;
        char *const *arguments;
        char **environment;
        const char *folder;
        int input_fd, output_fd, errors_fd; /* all above 2 */
        int report_fd; /* close-on-exec: gets a struct launch_failure when exec is not reached */
        bool outlives;
        unsigned alarm_s; /* an orphan's time limit, 0: none */
        const int *keep_fds;
        size_t keep_count;
        pid_t parent;
        int descriptor_limit;
};

struct launch_failure {
        int number;
        int at_folder; /* chdir failed, not exec */
};

struct child {
        const struct process_options *options;
        const char *name;
        pid_t pid;
        int pid_fd; /* -1 where the kernel has none: the tick looks then */
        struct output output, errors;
        bool ended; /* not reaped yet: its number and its group stay ours */
        uint64_t ended_ms;
        bool stopping; /* why: failure */
        bool killed;
        uint64_t stopping_ms, killed_ms;
        struct error failure;
};

/* From fork to exec: async-signal-safe calls only */

static _noreturn void launch_fail(const struct launch *launch, bool at_folder)
{
        struct launch_failure failure = {.number = errno, .at_folder = at_folder};
        ssize_t written = write(launch->report_fd, &failure, sizeof(failure));
        (void)written;
        _exit(127);
}

static void reset_signals(void)
{
        struct sigaction action = {.sa_handler = SIG_DFL};
        for (int number = 1; number < NSIG; number++)
                (void)sigaction(number, &action, NULL); /* fails for KILL, STOP and libc's own: fine */
        sigset_t none;
        sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void keep_descriptors(const struct launch *launch)
{
        if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
                for (int fd = 3; fd < launch->descriptor_limit; fd++)
                        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        for (size_t i = 0; i < launch->keep_count; i++)
                (void)fcntl(launch->keep_fds[i], F_SETFD, 0);
}

static void die_with_parent(const struct launch *launch)
{
        /* The parent may be gone before the death signal is set: then nobody would send it. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                launch_fail(launch, false);
        if (getppid() != launch->parent)
                _exit(127);
}

static _noreturn void launch_run(const struct launch *launch)
{
        (void)setpgid(0, 0);
        if (!launch->outlives)
                die_with_parent(launch);
        reset_signals();
        if (dup2(launch->input_fd, STDIN_FILENO) < 0 || dup2(launch->output_fd, STDOUT_FILENO) < 0 ||
                dup2(launch->errors_fd, STDERR_FILENO) < 0)
                launch_fail(launch, false);
        keep_descriptors(launch);
        if (launch->outlives)
                (void)alarm(launch->alarm_s); /* survives exec */
        if (chdir(launch->folder) < 0)
                launch_fail(launch, true);
        execve(launch->path, launch->arguments, launch->environment);
        launch_fail(launch, false);
}

/* The parent's side */

/* A descriptor below 3 would be run over by the child's dup2 calls. */
static int move_above_standard(int *fd, struct error *err)
{
        if (*fd > STDERR_FILENO)
                return 0;
        int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (moved < 0)
                return error_set_errno(err, errno, "can't duplicate a descriptor");
        closep(fd);
        *fd = moved;
        return 0;
}

static int make_pipe(int *ret_read, int *ret_write, struct error *err)
{
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
                return error_set_errno(err, errno, "can't make a pipe");
        *ret_read = ends[0];
        *ret_write = ends[1];
        if (move_above_standard(ret_read, err) < 0)
                return -1;
        return move_above_standard(ret_write, err);
}

static int open_input(int input_fd, int *ret_fd, struct error *err)
{
        *ret_fd = input_fd > 0 ? fcntl(input_fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
                               : open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (*ret_fd < 0)
                return error_set_errno(err, errno, "can't open the standard input");
        return move_above_standard(ret_fd, err);
}

static bool environment_has(const char *const *environment, const char *name)
{
        size_t length = strlen(name);
        for (; environment && *environment; environment++)
                if (strncmp(*environment, name, length) == 0 && (*environment)[length] == '=')
                        return true;
        return false;
}

static char **make_environment(const char *const *added)
{
        static const char *const inherited[] = {"PATH", "HOME", "LANG", "TMPDIR"};
        size_t added_count = 0, count = 0;
        while (added && added[added_count])
                added_count++;
        char **environment = memory_new_array(added_count + ARRAY_SIZE(inherited) + 1, sizeof(char *));
        for (size_t i = 0; i < ARRAY_SIZE(inherited); i++) {
                const char *value = getenv(inherited[i]);
                if (!value && string_equal(inherited[i], "PATH"))
                        value = SYSTEM_PATH;
                if (value && !environment_has(added, inherited[i]))
                        environment[count++] = string_format("%s=%s", inherited[i], value);
        }
        for (size_t i = 0; i < added_count; i++)
                environment[count++] = string_copy(added[i]);
        return environment;
}

static pid_t fork_quietly(const struct launch *launch)
{
        /* No handler of ours may run in the child, which shares its descriptors with us. */
        sigset_t all, before;
        sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        pid_t pid = fork();
        if (pid == 0)
                launch_run(launch);
        int number = errno;
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = number;
        return pid;
}

static ssize_t read_retried(int fd, void *data, size_t size)
{
        ssize_t count;
        do
                count = read(fd, data, size);
        while (count < 0 && errno == EINTR);
        return count;
}

static int explain_launch(
        const struct launch *launch, const struct launch_failure *failure, struct error *err)
{
        if (failure->at_folder)
                return error_set_errno(
                        err, failure->number, "can't start %s in %s", launch->path, launch->folder);
        error_set_errno(err, failure->number, "can't start %s", launch->path);
        if (failure->number == ENOENT || failure->number == ENOTDIR || failure->number == ENOEXEC)
                err->reason = REASON_PROGRAM_MISSING; /* also: the interpreter that its #! line names */
        return -1;
}

/* Forks and waits until exec has happened or failed. */
static int launch_start(
        const struct launch *launch, int report_read, int *report_write, pid_t *ret_pid, struct error *err)
{
        pid_t pid = fork_quietly(launch);
        if (pid < 0)
                return error_set_errno(err, errno, "can't start %s", launch->path);
        (void)setpgid(pid, pid); /* as the child does: whoever is first */
        closep(report_write);
        struct launch_failure failure;
        ssize_t count = read_retried(report_read, &failure, sizeof(failure));
        if (count == (ssize_t)sizeof(failure)) {
                while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                        ;
                return explain_launch(launch, &failure, err);
        }
        *ret_pid = pid;
        return 0;
}

static int set_nonblocking(int fd, struct error *err)
{
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return error_set_errno(err, errno, "can't change a pipe");
        return 0;
}

static int descriptor_limit(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
                return 65536;
        return (int)limit.rlim_cur;
}

/* Later than the limit itself: while we live, ours is the message. */
static unsigned orphan_limit(uint64_t limit_ms)
{
        uint64_t limit_s = limit_ms / 1000 + 10;
        if (limit_ms == 0)
                return 0;
        return limit_s > INT_MAX ? INT_MAX : (unsigned)limit_s;
}

/* The two ends of its output. Files go to the end they have by themselves. */
static int open_outputs(struct child *child, int *ret_output, int *ret_errors, struct error *err)
{
        const struct process_options *options = child->options;
        if (!options->outlives) {
                if (make_pipe(&child->output.fd, ret_output, err) < 0 ||
                        make_pipe(&child->errors.fd, ret_errors, err) < 0 ||
                        set_nonblocking(child->output.fd, err) < 0)
                        return -1;
                return set_nonblocking(child->errors.fd, err);
        }
        if (output_open_file(&child->output, options->output_folder_fd, ret_output, err) < 0)
                return -1;
        return output_open_file(&child->errors, options->output_folder_fd, ret_errors, err);
}

static int child_start(struct child *child, const char *path, struct error *err)
{
        const struct process_options *options = child->options;
        _cleanup_strings_ char **environment = make_environment(options->environment);
        _cleanup_close_ int input = -1, output = -1, errors = -1, report_read = -1, report_write = -1;
        if (open_input(options->input_fd, &input, err) < 0 ||
                open_outputs(child, &output, &errors, err) < 0 ||
                make_pipe(&report_read, &report_write, err) < 0)
                return error_wrap(err, "can't start %s", path);
        struct launch launch = {
                .path = path,
                .arguments = (char *const *)options->arguments,
                .environment = environment,
                .folder = options->folder ? options->folder : "/",
                .input_fd = input,
                .output_fd = output,
                .errors_fd = errors,
                .report_fd = report_write,
                .keep_fds = options->keep_fds,
                .keep_count = options->keep_count,
                .parent = getpid(),
                .descriptor_limit = descriptor_limit(),
                .outlives = options->outlives,
                .alarm_s = orphan_limit(options->time_limit_ms),
        };
        if (launch_start(&launch, report_read, &report_write, &child->pid, err) < 0)
                return -1;
        child->pid_fd = pidfd_open(child->pid, 0);
        return 0;
}

/* Takes what the pipe has, at most one piece. */
static void read_pipe(struct child *child, struct output *output)
{
        char piece[65536];
        if (output->fd < 0)
                return;
        ssize_t count = read_retried(output->fd, piece, sizeof(piece));
        if (count < 0 && errno == EAGAIN)
                return;
        if (count <= 0)
                closep(&output->fd);
        else if (output == &child->errors || !child->options->on_output)
                output_append(output, piece, (size_t)count);
        else if (!child->stopping && child->options->on_output(piece, (size_t)count, child->options->userdata,
                                             &child->failure) < 0)
                child->stopping = true; /* the child is told in the next round of the loop */
}

static void child_read(struct child *child, struct output *output)
{
        if (child->options->outlives)
                output_take_file(output);
        else
                read_pipe(child, output);
}

static void child_signal(struct child *child, int number)
{
        (void)kill(-child->pid, number);
}

/* Once there is a reason to end the child: SIGTERM, and SIGKILL when that does not help. */
static void child_stop(struct child *child, uint64_t now)
{
        if (!child->stopping || child->killed)
                return;
        if (child->stopping_ms == 0) {
                child->stopping_ms = now;
                child_signal(child, SIGTERM);
                child_signal(child, SIGCONT); /* a stopped process takes no SIGTERM */
        } else if (now >= child->stopping_ms + TERMINATE_MS) {
                child->killed = true;
                child->killed_ms = now;
                child_signal(child, SIGKILL);
        }
}

static void child_judge(struct child *child, uint64_t started, uint64_t now)
{
        uint64_t limit = child->options->time_limit_ms;
        if (child->stopping || child->ended)
                return;
        if (cancel_check(child->options->cancel, &child->failure) < 0) {
                child->stopping = true;
        } else if (limit > 0 && now - started >= limit) {
                error_set(&child->failure, REASON_TIMED_OUT, "%s was not done after %.1f s and was ended",
                        child->name, (double)limit / 1000);
                child->stopping = true;
        }
}

/* Sees whether the child has ended but leaves it unreaped, so that its group can't become another's. */
static void child_look(struct child *child)
{
        siginfo_t info = {0};
        if (child->ended)
                return;
        if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno == ECHILD
                                                                                    : info.si_pid != 0) {
                child->ended = true;
                child->ended_ms = clock_steady_ms();
        }
}

static int poll_timeout(const struct child *child, uint64_t started, uint64_t now)
{
        uint64_t limit = child->options->time_limit_ms;
        if (limit == 0 || child->stopping || child->ended || now - started + TICK_MS <= limit)
                return TICK_MS;
        return now - started >= limit ? 0 : (int)(limit - (now - started));
}

/* It sleeps in the kernel, on a disk or a network file system that does not answer. It ends when it wakes and
 * does nothing more by itself; until then it keeps what it holds, and stays unreaped. */
static bool child_is_lost(const struct child *child, uint64_t now)
{
        if (child->ended || !child->killed || now < child->killed_ms + KILLED_MS)
                return false;
        log_write(LOG_LEVEL_ERROR, NULL,
                "%s (process %d) was killed and does not end: the kernel holds it, perhaps for a disk that "
                "does "
                "not answer; it is not waited for any longer",
                child->name, (int)child->pid);
        return true;
}

/* Files have no end to wait for. */
static bool child_is_done(const struct child *child, uint64_t now)
{
        if (!child->ended)
                return false;
        return child->options->outlives || (child->output.fd < 0 && child->errors.fd < 0) ||
               now >= child->ended_ms + GRACE_MS;
}

static void child_attend(struct child *child)
{
        bool pipes = !child->options->outlives;
        uint64_t started = clock_steady_ms(), ticked = started;
        while (true) {
                uint64_t now = clock_steady_ms();
                pulse_beat();
                child_judge(child, started, now);
                child_stop(child, now);
                if (child_is_done(child, now) || child_is_lost(child, now))
                        return;
                struct pollfd requests[] = {
                        {.fd = pipes ? child->output.fd : -1, .events = POLLIN},
                        {.fd = pipes ? child->errors.fd : -1, .events = POLLIN},
                        {.fd = child->ended ? -1 : child->pid_fd, .events = POLLIN},
                        {.fd = child->stopping || child->ended ? -1 : cancel_fd(child->options->cancel),
                                .events = POLLIN},
                };
                (void)poll(requests, ARRAY_SIZE(requests), poll_timeout(child, started, now));
                child_read(child, &child->output);
                child_read(child, &child->errors);
                child_look(child);
                if (child->options->on_tick && clock_steady_ms() - ticked >= TICK_MS) {
                        ticked = clock_steady_ms();
                        child->options->on_tick(child->options->userdata);
                }
        }
}

static int child_reap(struct child *child, int *ret_status, struct error *err)
{
        child_signal(child, SIGKILL); /* what is left of its group; the child itself has ended */
        pid_t pid;
        do
                pid = waitpid(child->pid, ret_status, 0);
        while (pid < 0 && errno == EINTR);
        if (pid < 0)
                return error_set_errno(err, errno, "can't learn how %s ended", child->name);
        return 0;
}

static void child_deinit(struct child *child)
{
        closep(&child->pid_fd);
        output_deinit(&child->output);
        output_deinit(&child->errors);
        error_deinit(&child->failure);
}

/* The end of what it said, cut in front at a character's begin; NULL when it said nothing. */
static char *said(const char *errors, const char *output)
{
        _cleanup_buffer_ struct buffer text = {0};
        /* Standard error last: when there is too much of both, it is what is kept. */
        if (output)
                text_append_clean(&text, output);
        if (errors) {
                _cleanup_buffer_ struct buffer more = {0};
                text_append_clean(&more, errors);
                if (more.size > 0 && text.size > 0)
                        buffer_append_string(&text, "; on standard error: ");
                buffer_append(&text, more.data, more.size);
        }
        return text.size == 0 ? NULL : text_tail(text.data, MESSAGE_LIMIT);
}

int process_failed(const char *name, const struct process_result *result, struct error *err)
{
        _cleanup_free_ char *text = said(result->errors, result->output);
        const char *colon = text ? ": " : ", without a word";
        if (result->signal != 0)
                return error_set(err, REASON_PROGRAM_FAILED, "%s was ended by signal %d (%s)%s%s", name,
                        result->signal, sigdescr_np(result->signal) ? sigdescr_np(result->signal) : "unknown",
                        colon, text ? text : "");
        return error_set(err, REASON_PROGRAM_FAILED, "%s ended with status %d%s%s", name, result->status,
                colon, text ? text : "");
}

static void fill_result(struct child *child, int status, struct process_result *ret)
{
        *ret = (struct process_result){
                .status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status),
                .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                .output = output_steal(&child->output),
                .errors = output_steal(&child->errors),
        };
        ret->output_cut = child->output.cut || child->errors.cut;
}

/* Why it was stopped, and, for a time-out, the last it said: most often that tells what it waited for. */
static int explain_stop(struct child *child, struct error *err)
{
        error_move(err, &child->failure);
        if (err->reason != REASON_TIMED_OUT)
                return -1;
        _cleanup_free_ char *output = output_steal(&child->output);
        _cleanup_free_ char *errors = output_steal(&child->errors);
        _cleanup_free_ char *text = said(errors, output);
        if (text)
                string_replace(
                        &err->message, string_format("%s; the last it said: %s", error_message(err), text));
        return -1;
}

int process_run(const struct process_options *options, struct process_result *ret, struct error *err)
{
        _cleanup_free_ char *path = NULL;
        if (options->outlives && options->on_output)
                return error_set(err, REASON_INTERNAL, "a child that outlives this process has no on_output");
        if (cancel_check(options->cancel, err) < 0)
                return -1;
        int found = process_find(options->arguments[0], &path, err);
        if (found < 0)
                return -1;
        if (found > 0 || !path)
                return error_set(
                        err, REASON_PROGRAM_MISSING, "there is no program %s", options->arguments[0]);
        _cleanup_(child_deinit) struct child child = {
                .options = options,
                .name = path_name(options->arguments[0]),
                .pid_fd = -1,
                .output.fd = -1,
                .errors.fd = -1,
        };
        if (child_start(&child, path, err) < 0)
                return -1;
        child_attend(&child);
        int status;
        if (!child.ended)
                return explain_stop(&child, err);
        if (child_reap(&child, &status, err) < 0)
                return -1;
        if (options->outlives) { /* what came between the last look and the end */
                output_take_file(&child.output);
                output_take_file(&child.errors);
        }
        if (child.stopping)
                return explain_stop(&child, err);
        fill_result(&child, status, ret);
        return 0;
}

void process_result_deinit(struct process_result *result)
{
        free(result->output);
        free(result->errors);
        *result = (struct process_result){0};
}

static bool is_program(const char *path)
{
        struct stat status;
        return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
               faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0;
}

static int find_in(const char *folders, const char *name, char **ret_path)
{
        for (const char *folder = folders; folder && *folder;) {
                size_t length = strcspn(folder, ":");
                if (folder[0] == '/') { /* an empty or relative part would mean the working folder */
                        _cleanup_free_ char *path = string_format("%.*s/%s", (int)length, folder, name);
                        if (is_program(path)) {
                                *ret_path = steal(&path);
                                return 0;
                        }
                }
                folder += length + (folder[length] == ':');
        }
        return 1;
}

int process_find(const char *name, char **ret_path, struct error *err)
{
        if (!name || name[0] == '\0')
                return error_set(err, REASON_INVALID_ARGUMENT, "the name of a program is empty");
        if (!strchr(name, '/'))
                return find_in(getenv("PATH"), name, ret_path) == 0 ? 0
                                                                    : find_in(SYSTEM_PATH, name, ret_path);
        _cleanup_free_ char *path = NULL;
        if (name[0] == '/') {
                path = string_copy(name);
        } else {
                _cleanup_free_ char *here = getcwd(NULL, 0);
                if (!here)
                        return error_set_errno(err, errno, "can't learn the working folder");
                path = string_format("%s/%s", here, name);
        }
        if (!is_program(path))
                return 1;
        *ret_path = steal(&path);
        return 0;
}
