/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"
#include "lib/process.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SHELL(script) ARGUMENTS("sh", "-c", script)

/* Stands before libc's: a process that the kernel does not let go of can't be made here otherwise. */
static bool kernel_holds;

int kill(pid_t pid, int number)
{
        if (kernel_holds && number != 0)
                return 0;
        return (int)syscall(SYS_kill, pid, number);
}

static void assert_runs(const struct process_options *options, struct process_result *ret)
{
        _cleanup_error_ struct error err = {0};
        if (process_run(options, ret, &err) < 0)
                fail_msg("process_run: %s", error_message(&err));
}

static void assert_fails(const struct process_options *options, enum reason reason, const char *part)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_process_result_ struct process_result result = {0};
        assert_int_equal(process_run(options, &result, &err), -1);
        if (err.reason != reason || !strstr(error_message(&err), part))
                fail_msg("%s: %s", reason_name(err.reason), error_message(&err));
        assert_null(result.output);
}

static void assert_gone(pid_t pid)
{
        while (kill(pid, 0) == 0) { /* the test's own time-out ends it when that never comes */
                siginfo_t info;
                (void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG);
                _cleanup_free_ char *path = string_format("/proc/%d/stat", pid);
                _cleanup_fclose_ FILE *file = fopen(path, "re");
                char status = 0;
                if (!file || fscanf(file, "%*d (%*[^)]) %c", &status) != 1 || status == 'Z')
                        return; /* a zombie that nobody reaps here is gone as well */
                (void)poll(NULL, 0, 10);
        }
}

static void test_output_and_status(void **state)
{
        static const struct {
                const char *script;
                int status, signal;
                const char *output, *errors;
        } cases[] = {
                {"echo one; echo two >&2", 0, 0, "one\n", "two\n"},
                {"exit 75", 75, 0, "", ""},
                {"kill -9 $$", 128 + 9, 9, "", ""},
                {"printf 'a\\000b'", 0, 0, "a b", ""},
                {"cat; echo end", 0, 0, "end\n", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_process_result_ struct process_result result = {0};
                assert_runs(&(struct process_options){.arguments = SHELL(cases[i].script)}, &result);
                assert_int_equal(result.status, cases[i].status);
                assert_int_equal(result.signal, cases[i].signal);
                assert_string_equal(result.output, cases[i].output);
                assert_string_equal(result.errors, cases[i].errors);
                assert_false(result.output_cut);
        }
}

static void test_arguments_reach_it_unchanged(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(&(struct process_options){.arguments = ARGUMENTS(
                                                      "printf", "%s|", "a b", "$HOME", "'\"\\", "")},
                &result);
        assert_string_equal(result.output, "a b|$HOME|'\"\\||");
}

static void test_keeps_the_end_of_much_output(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(&(struct process_options){.arguments = SHELL("head -c 3000000 /dev/zero | tr '\\0' x; "
                                                                 "echo end; echo short >&2")},
                &result);
        assert_int_equal(strlen(result.output), PROCESS_OUTPUT_LIMIT);
        assert_string_equal(result.output + PROCESS_OUTPUT_LIMIT - 5, "xend\n");
        assert_string_equal(result.errors, "short\n");
        assert_true(result.output_cut);
}

static void test_environment(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        setenv("SECRET_OF_THE_DAEMON", "1", 1);
        setenv("HOME", "/inherited", 1);
        setenv("TMPDIR", "/replaced", 1);
        unsetenv("LANG");
        assert_runs(&(struct process_options){.arguments = ARGUMENTS("/usr/bin/env"),
                            .environment = ARGUMENTS("TMPDIR=/given", "ADDED=a b", "PATH=/nowhere")},
                &result);
        assert_string_equal(result.output, "HOME=/inherited\nTMPDIR=/given\nADDED=a b\nPATH=/nowhere\n");
}

static void test_folder_input_and_descriptors(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_close_ int kept = fcntl(open("/etc/passwd", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, 40);
        _cleanup_close_ int leaked = open("/etc/passwd", O_RDONLY);
        _cleanup_close_ int input = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
        assert_true(kept >= 40 && leaked > 2 && input > 2);
        assert_runs(
                &(struct process_options){
                        .arguments =
                                SHELL("pwd; cat >/dev/null && read x || echo empty; cd /proc/$$/fd; echo *"),
                        .folder = "/usr",
                        .input_fd = input,
                        .keep_fds = &kept,
                        .keep_count = 1,
                },
                &result);
        /* 3 is the folder that the shell itself reads: a leaked descriptor would have taken it. */
        _cleanup_free_ char *expected = string_format("/usr\nempty\n0 1 2 3 %d\n", kept);
        assert_string_equal(result.output, expected);
        assert_int_equal(lseek(input, 0, SEEK_CUR), lseek(input, 0, SEEK_END)); /* it was read to its end */
        assert_true(fcntl(kept, F_GETFD) & FD_CLOEXEC);
}

static void test_signals_are_as_new(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        sigset_t set, before;
        sigfillset(&set);
        void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
        pthread_sigmask(SIG_SETMASK, &set, &before);
        _cleanup_error_ struct error err = {0};
        int ran = process_run(&(struct process_options){.arguments = ARGUMENTS("grep", "-E", "^Sig(Blk|Ign)",
                                                                "/proc/self/status")},
                &result, &err);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        signal(SIGPIPE, handler);
        assert_int_equal(ran, 0);
        assert_string_equal(result.output, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

static void test_leads_its_own_group(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(&(struct process_options){.arguments = SHELL("echo $$; cut -d' ' -f5 /proc/$$/stat")},
                &result);
        int pid, group;
        assert_int_equal(sscanf(result.output, "%d %d", &pid, &group), 2);
        assert_int_equal(pid, group);
}

static void test_start_failures(void **state)
{
        char folder[] = "/tmp/test-process-XXXXXX";
        assert_non_null(mkdtemp(folder));
        _cleanup_free_ char *script = string_format("%s/script", folder);
        _cleanup_free_ char *missing = string_format("%s/missing", folder);
        int fd = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        assert_int_equal(write(fd, "#!/no/such/interpreter\n", 23), 23);
        close(fd);
        assert_fails(&(struct process_options){.arguments = ARGUMENTS("no-such-program-here")},
                REASON_PROGRAM_MISSING, "no-such-program-here");
        assert_fails(
                &(struct process_options){.arguments = ARGUMENTS(missing)}, REASON_PROGRAM_MISSING, missing);
        assert_fails(
                &(struct process_options){.arguments = ARGUMENTS(folder)}, REASON_PROGRAM_MISSING, folder);
        assert_fails(
                &(struct process_options){.arguments = ARGUMENTS(script)}, REASON_PROGRAM_MISSING, script);
        assert_fails(&(struct process_options){.arguments = ARGUMENTS("true"), .folder = missing},
                REASON_NOT_FOUND, missing);
        assert_fails(&(struct process_options){.arguments = ARGUMENTS("")}, REASON_INVALID_ARGUMENT, "empty");
        assert_int_equal(unlink(script), 0);
        assert_int_equal(rmdir(folder), 0);
}

struct sink {
        size_t size, fail_at;
};

static int sink_take(const void *data, size_t size, void *userdata, struct error *err)
{
        struct sink *sink = userdata;
        sink->size += size;
        if (sink->fail_at > 0 && sink->size >= sink->fail_at)
                return error_set(err, REASON_DISK_FULL, "the sink is full");
        return 0;
}

static void test_output_streams(void **state)
{
        struct sink sink = {0};
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(&(struct process_options){.arguments = SHELL("head -c 1000003 /dev/zero"),
                            .on_output = sink_take,
                            .userdata = &sink},
                &result);
        assert_int_equal(sink.size, 1000003);
        assert_string_equal(result.output, "");
}

static void test_failing_output_ends_it(void **state)
{
        struct sink sink = {.fail_at = 100000};
        assert_fails(
                &(struct process_options){
                        .arguments = SHELL("exec cat /dev/zero"), .on_output = sink_take, .userdata = &sink},
                REASON_DISK_FULL, "the sink is full");
}

static void test_time_limit(void **state)
{
        assert_fails(&(struct process_options){.arguments = SHELL("echo waiting for a lock; sleep 1000"),
                             .time_limit_ms = 300},
                REASON_TIMED_OUT,
                "sh was not done after 0.3 s and was ended; the last it said: waiting for a lock");
}

static void test_kill_when_it_ignores_the_request(void **state)
{
        assert_fails(&(struct process_options){.arguments = SHELL("trap '' TERM; while :; do sleep 1; done"),
                             .time_limit_ms = 100},
                REASON_TIMED_OUT, "was ended");
}

struct canceller {
        struct cancel cancel;
        enum cancel_kind kind;
        _Atomic int seen;
};

static int cancel_at_output(const void *data, size_t size, void *userdata, struct error *err)
{
        struct canceller *canceller = userdata;
        canceller->seen = 1;
        return 0;
}

static void *cancel_from_thread(void *userdata)
{
        struct canceller *canceller = userdata;
        while (!canceller->seen)
                (void)poll(NULL, 0, 5);
        cancel_request(&canceller->cancel, canceller->kind);
        return NULL;
}

static void test_one_that_can_not_be_killed_is_not_waited_for(void **state)
{
        pid_t child;
        int numbers[2];
        assert_int_equal(pipe(numbers), 0);
        kernel_holds = true;
        assert_fails(&(struct process_options){.arguments = SHELL("echo $$ >&9; exec sleep 1000"),
                             .keep_fds = (const int[]){dup2(numbers[1], 9)},
                             .keep_count = 1,
                             .time_limit_ms = 100},
                REASON_TIMED_OUT, "was not done after 0.1 s");
        kernel_holds = false;
        char text[16] = "";
        assert_true(read(numbers[0], text, sizeof(text) - 1) > 0);
        child = atoi(text);
        assert_int_equal(kill(child, 0), 0);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child); /* it was left to nobody else */
        (void)close(9);
        (void)close(numbers[0]);
        (void)close(numbers[1]);
}

static void test_cancel(void **state)
{
        static const struct {
                enum cancel_kind kind;
                enum reason reason;
        } cases[] = {{CANCEL_BY_USER, REASON_CANCELLED}, {CANCEL_BY_STOP, REASON_STOPPING}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct canceller canceller = {.kind = cases[i].kind};
                _cleanup_error_ struct error err = {0};
                pthread_t thread;
                assert_int_equal(cancel_init(&canceller.cancel, &err), 0);
                assert_int_equal(pthread_create(&thread, NULL, cancel_from_thread, &canceller), 0);
                struct process_options options = {
                        .arguments = SHELL("echo here; exec sleep 1000"),
                        .cancel = &canceller.cancel,
                        .on_output = cancel_at_output,
                        .userdata = &canceller,
                };
                assert_fails(&options, cases[i].reason, "");
                pthread_join(thread, NULL);
                assert_fails(&options, cases[i].reason, ""); /* not even started */
                cancel_deinit(&canceller.cancel);
        }
}

static void count_tick(void *userdata)
{
        ++*(int *)userdata;
}

static void test_ticks(void **state)
{
        int ticks = 0;
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(
                &(struct process_options){
                        .arguments = ARGUMENTS("sleep", "0.5"), .on_tick = count_tick, .userdata = &ticks},
                &result);
        assert_in_range(ticks, 1, 8);
}

static void test_grandchild_holding_the_pipe(void **state)
{
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(&(struct process_options){.arguments = SHELL("sleep 1000 & echo $!; exit 3")}, &result);
        assert_int_equal(result.status, 3);
        assert_gone((pid_t)atoi(result.output));
}

static int write_through(const void *data, size_t size, void *userdata, struct error *err)
{
        return write(*(int *)userdata, data, size) == (ssize_t)size ? 0 : -1;
}

static void test_dies_with_its_parent(void **state)
{
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        pid_t parent = fork();
        assert_true(parent >= 0);
        if (parent == 0) {
                struct error err = {0};
                struct process_result result = {0};
                int ran =
                        process_run(&(struct process_options){.arguments = SHELL("echo $$; exec sleep 1000"),
                                            .on_output = write_through,
                                            .userdata = &ends[1]},
                                &result, &err);
                _exit(ran < 0);
        }
        char text[32] = {0};
        assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
        assert_int_equal(kill(parent, SIGKILL), 0);
        assert_int_equal(waitpid(parent, NULL, 0), parent);
        assert_gone((pid_t)atoi(text));
        close(ends[0]);
        close(ends[1]);
}

static int open_temporary_folder(void)
{
        int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

/* Says so on `said`, waits until its parent is dead, says more than any pipe takes, and does what it had to.
 */
static _noreturn void run_one_that_outlives(int said_fd, int done_fd)
{
        struct error err = {0};
        struct process_result result = {0};
        _cleanup_free_ char *script = string_format("echo $$ >&%d; p=$PPID; while [ -d /proc/$p ] && ! grep "
                                                    "-q '^State:.Z' /proc/$p/status; do sleep 0.02; done\n"
                                                    "head -c 5000000 /dev/zero || exit 1\n"
                                                    "head -c 5000000 /dev/zero >&2 || exit 1\n"
                                                    "echo finished >&%d",
                said_fd, done_fd);
        const int kept[] = {said_fd, done_fd};
        int ran = process_run(&(struct process_options){.arguments = SHELL(script),
                                      .keep_fds = kept,
                                      .keep_count = 2,
                                      .outlives = true,
                                      .output_folder_fd = open_temporary_folder()},
                &result, &err);
        _exit(ran < 0);
}

static void test_outlives_its_parent(void **state)
{
        int said[2], done[2];
        assert_int_equal(pipe2(said, O_CLOEXEC), 0);
        assert_int_equal(pipe2(done, O_CLOEXEC), 0);
        pid_t parent = fork();
        assert_true(parent >= 0);
        if (parent == 0)
                run_one_that_outlives(said[1], done[1]);
        closep(&done[1]);
        char text[32] = {0};
        assert_true(read(said[0], text, sizeof(text) - 1) > 0);
        assert_int_equal(kill(parent, SIGKILL), 0);
        assert_int_equal(waitpid(parent, NULL, 0), parent);
        char answer[16] = {0};
        assert_int_equal(read(done[0], answer, sizeof(answer)), 9);
        assert_string_equal(answer, "finished\n");
        assert_gone((pid_t)atoi(text));
        close(said[0]);
        close(said[1]);
        close(done[0]);
}

static void test_outlives_and_is_heard(void **state)
{
        _cleanup_close_ int folder = open_temporary_folder();
        static const struct {
                const char *script;
                int status;
                const char *output, *errors;
        } cases[] = {
                {"echo one; echo two >&2", 0, "one\n", "two\n"},
                {"exit 3", 3, "", ""},
                {"echo before; sleep 1000 & echo after; exit 0", 0, "before\nafter\n", ""},
                {"printf 'a\\0b'; stat -L -c '%a %h' /proc/self/fd/1 >&2", 0, "a b", "600 0\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_process_result_ struct process_result result = {0};
                assert_runs(&(struct process_options){.arguments = SHELL(cases[i].script),
                                    .outlives = true,
                                    .output_folder_fd = folder},
                        &result);
                assert_int_equal(result.status, cases[i].status);
                assert_string_equal(result.output, cases[i].output);
                assert_string_equal(result.errors, cases[i].errors);
                assert_false(result.output_cut);
        }
}

static void test_outlives_within_its_time_limit(void **state)
{
        _cleanup_close_ int folder = open_temporary_folder();
        assert_fails(&(struct process_options){.arguments = SHELL("echo waiting for a lock; sleep 1000"),
                             .outlives = true,
                             .output_folder_fd = folder,
                             .time_limit_ms = 200},
                REASON_TIMED_OUT, "waiting for a lock");
}

/* 200 MB are said, in turns with looking at what they take on disk: never more than some megabytes. */
static void test_noise_is_bounded_on_disk(void **state)
{
        _cleanup_close_ int folder = open_temporary_folder();
        _cleanup_process_result_ struct process_result result = {0};
        assert_runs(
                &(struct process_options){
                        .arguments = SHELL("i=0; while [ $i -lt 50 ]; do head -c 4194304 /dev/zero; "
                                           "while [ $(stat -L -c %b /proc/$$/fd/1) -gt 6000 ]; do "
                                           "sleep 0.02; done; i=$((i+1)); done\n"
                                           "echo; stat -L -c '%s bytes' /proc/$$/fd/1"),
                        .outlives = true,
                        .output_folder_fd = folder,
                        .time_limit_ms = 60000},
                &result);
        assert_int_equal(result.status, 0);
        assert_true(result.output_cut);
        assert_true(strlen(result.output) <= PROCESS_OUTPUT_LIMIT);
        assert_non_null(strstr(result.output, "\n209715201 bytes\n"));
}

static void test_outlives_needs_room(void **state)
{
        /* No folder, and one that takes no files. */
        assert_fails(
                &(struct process_options){
                        .arguments = SHELL("exit 0"), .outlives = true, .output_folder_fd = -1},
                REASON_UNKNOWN, "output");
        _cleanup_close_ int folder = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_error_ struct error err = {0};
        _cleanup_process_result_ struct process_result result = {0};
        assert_int_equal(process_run(&(struct process_options){.arguments = SHELL("exit 0"),
                                             .outlives = true,
                                             .output_folder_fd = folder},
                                 &result, &err),
                -1);
        assert_non_null(strstr(error_message(&err), "output"));
}

static void test_works_without_standard_descriptors(void **state)
{
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                for (int fd = 0; fd < 3; fd++)
                        close(fd);
                struct error err = {0};
                struct process_result result = {0};
                int ran = process_run(
                        &(struct process_options){.arguments = SHELL("cat; echo out; echo err >&2")}, &result,
                        &err);
                _exit(ran < 0 || strcmp(result.output, "out\n") != 0 || strcmp(result.errors, "err\n") != 0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void test_failure_messages(void **state)
{
        static const struct {
                struct process_result result;
                const char *message;
        } cases[] = {
                {{.status = 1}, "php ended with status 1, without a word"},
                {{.status = 1, .errors = (char *)"  \n \033[0m"}, "php ended with status 1, without a word"},
                {{.status = 2, .output = (char *)"\033[31mNo\033[0m way\n", .errors = (char *)""},
                        "php ended with status 2: No way"},
                {{.status = 255, .output = (char *)"a\n", .errors = (char *)"b\n\n  c\n"},
                        "php ended with status 255: a; on standard error: b c"},
                {{.status = 137, .signal = 9}, "php was ended by signal 9 (Killed), without a word"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                assert_int_equal(process_failed("php", &cases[i].result, &err), -1);
                assert_int_equal(err.reason, REASON_PROGRAM_FAILED);
                assert_string_equal(error_message(&err), cases[i].message);
        }
}

static void test_failure_message_is_bounded(void **state)
{
        _cleanup_free_ char *output = memory_new(100001);
        memset(output, 'x', 100000);
        memcpy(output + 99996, " end", 4);
        _cleanup_error_ struct error err = {0};
        process_failed("php", &(struct process_result){.status = 1, .output = output}, &err);
        assert_true(strlen(err.message) < 2100);
        assert_string_equal(err.message + strlen(err.message) - 5, "x end");
}

static void test_find(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *path = NULL;
        _cleanup_free_ char *before = string_copy(getenv("PATH"));
        assert_int_equal(process_find("sh", &path, &err), 0);
        assert_true(path[0] == '/');
        free(steal(&path));
        assert_int_equal(process_find("/bin/sh", &path, &err), 0);
        assert_string_equal(path, "/bin/sh");
        free(steal(&path));
        assert_int_equal(process_find("/etc/passwd", &path, &err), 1);
        assert_int_equal(process_find("/bin", &path, &err), 1);
        assert_int_equal(process_find("no-such-program-here", &path, &err), 1);
        setenv("PATH", ":.::relative", 1);
        assert_int_equal(process_find("sh", &path, &err), 0); /* from the usual folders */
        assert_true(path[0] == '/');
        setenv("PATH", before, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_output_and_status),
                cmocka_unit_test(test_arguments_reach_it_unchanged),
                cmocka_unit_test(test_keeps_the_end_of_much_output),
                cmocka_unit_test(test_environment),
                cmocka_unit_test(test_folder_input_and_descriptors),
                cmocka_unit_test(test_signals_are_as_new),
                cmocka_unit_test(test_leads_its_own_group),
                cmocka_unit_test(test_start_failures),
                cmocka_unit_test(test_output_streams),
                cmocka_unit_test(test_failing_output_ends_it),
                cmocka_unit_test(test_time_limit),
                cmocka_unit_test(test_kill_when_it_ignores_the_request),
                cmocka_unit_test(test_one_that_can_not_be_killed_is_not_waited_for),
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_ticks),
                cmocka_unit_test(test_grandchild_holding_the_pipe),
                cmocka_unit_test(test_dies_with_its_parent),
                cmocka_unit_test(test_outlives_its_parent),
                cmocka_unit_test(test_outlives_and_is_heard),
                cmocka_unit_test(test_outlives_within_its_time_limit),
                cmocka_unit_test(test_noise_is_bounded_on_disk),
                cmocka_unit_test(test_outlives_needs_room),
                cmocka_unit_test(test_works_without_standard_descriptors),
                cmocka_unit_test(test_failure_messages),
                cmocka_unit_test(test_failure_message_is_bounded),
                cmocka_unit_test(test_find),
        };
        return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
