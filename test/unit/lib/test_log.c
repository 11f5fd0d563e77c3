/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "test/unit/scratch.h"

/* Runs the function with stderr in a file and gives what was written. */
static char *capture(void (*function)(const void *), const void *argument)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_close_ int file = openat(scratch.fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        _cleanup_close_ int saved = dup(STDERR_FILENO);
        assert_true(file >= 0 && saved >= 0);
        assert_true(dup2(file, STDERR_FILENO) >= 0);
        function(argument);
        assert_true(dup2(saved, STDERR_FILENO) >= 0);
        return scratch_read(&scratch, "log", NULL);
}

struct line {
        enum log_level level;
        const char *value; /* of the field "stage" */
        const char *text;
        const char *wanted; /* behind the time */
};

static const struct line lines[] = {
        {LOG_LEVEL_INFO, "move_files", "plain", "level=info stage=move_files text=\"plain\"\n"},
        {LOG_LEVEL_WARNING, NULL, "", "level=warning text=\"\"\n"},
        {LOG_LEVEL_ERROR, "", "x", "level=error stage=\"\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "a b", "x", "level=info stage=\"a b\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "a=b", "x", "level=info stage=\"a=b\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "a\"b\\", "x", "level=info stage=\"a\\\"b\\\\\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "1\n2\r\t", "x", "level=info stage=\"1\\n2\\r\\t\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "\x1b[31m\x7f", "x", "level=info stage=\"\\x1b[31m\\x7f\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, NULL, "one\ntime=0 level=info text=\"forged\"",
                "level=info text=\"one\\ntime=0 level=info text=\\\"forged\\\"\"\n"},
        {LOG_LEVEL_INFO, "Grüße €𐍈", "x", "level=info stage=\"Grüße €𐍈\" text=\"x\"\n"},
        /* no UTF-8: cut short, overlong, surrogate, above U+10FFFF, Latin-1; and a C1 control character */
        {LOG_LEVEL_INFO, "\xe2\x82", "x", "level=info stage=\"\\xe2\\x82\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "\xc0\xaf", "x", "level=info stage=\"\\xc0\\xaf\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "\xe0\x80\xaf", "x", "level=info stage=\"\\xe0\\x80\\xaf\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "\xed\xa0\x80", "x", "level=info stage=\"\\xed\\xa0\\x80\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "\xf4\x90\x80\x80", "x", "level=info stage=\"\\xf4\\x90\\x80\\x80\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "gr\xfcn", "x", "level=info stage=\"gr\\xfcn\" text=\"x\"\n"},
        {LOG_LEVEL_INFO, "\xc2\x9b", "x", "level=info stage=\"\\xc2\\x9b\" text=\"x\"\n"},
};

static void write_line_of(const void *argument)
{
        const struct line *line = argument;
        const struct log_field fields[] = {{"stage", line->value}, {0}};
        log_write(line->level, fields, "%s", line->text);
}

static void test_lines(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                _cleanup_free_ char *written = capture(write_line_of, &lines[i]);
                /* time=2026-11-22T16:23:15.123Z and a space */
                assert_int_equal(strncmp(written, "time=2", 6), 0);
                assert_true(strlen(written) > 30);
                assert_string_equal(written + 30, lines[i].wanted);
        }
}

static void write_without_fields(const void *argument)
{
        errno = ENOTTY;
        log_write(LOG_LEVEL_INFO, NULL, "%d%%", 100);
        assert_int_equal(errno, ENOTTY); /* a log line must not spoil its caller's errno */
}

static void test_no_fields(void **state)
{
        _cleanup_free_ char *written = capture(write_without_fields, NULL);
        assert_string_equal(written + 30, "level=info text=\"100%\"\n");
}

static void write_long(const void *argument)
{
        _cleanup_free_ char *text = memory_new(1000001);
        memset(text, '\n', 1000000);
        log_write(LOG_LEVEL_INFO, NULL, "%s", text);
}

static void test_long_text_is_cut(void **state)
{
        _cleanup_free_ char *written = capture(write_long, NULL);
        assert_true(strlen(written) < 20000);
        assert_non_null(strstr(written, "(991808 bytes more)\"\n"));
}

#define THREADS 4
#define LINES_A_THREAD 500

static void *write_many(void *argument)
{
        const struct log_field fields[] = {{"letter", argument}, {0}};
        for (int i = 0; i < LINES_A_THREAD; i++)
                log_write(LOG_LEVEL_INFO, fields, "%s%s%s%s", (char *)argument, (char *)argument,
                        (char *)argument, (char *)argument);
        return NULL;
}

static void write_in_threads(const void *argument)
{
        static char letters[THREADS][2] = {"a", "b", "c", "d"};
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, write_many, letters[i]), 0);
        for (int i = 0; i < THREADS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void test_lines_of_threads_stay_whole(void **state)
{
        _cleanup_free_ char *written = capture(write_in_threads, NULL);
        int count = 0;
        char *place = NULL;
        for (char *line = strtok_r(written, "\n", &place); line;
                line = strtok_r(NULL, "\n", &place), count++) {
                char letter, text[5];
                assert_int_equal(
                        sscanf(line + 30, "level=info letter=%c text=\"%4[a-d]\"", &letter, text), 2);
                const char wanted[5] = {letter, letter, letter, letter, '\0'};
                assert_string_equal(text, wanted);
        }
        assert_int_equal(count, THREADS * LINES_A_THREAD);
}

static void write_to_nobody(const void *argument)
{
        close(STDERR_FILENO);
        log_write(LOG_LEVEL_ERROR, NULL, "x"); /* must come back */
}

static void test_closed_stderr(void **state)
{
        _cleanup_free_ char *written = capture(write_to_nobody, NULL);
        assert_string_equal(written, "");
}

#ifdef HAVE_SYSTEMD
#define NO_JOURNAL 200

/* A journal of our own, where sd_journal_sendv(3) looks for the system's: seen by this process alone. */
static int listen_as_journal(void)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
        if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
                mount("tmpfs", "/run", "tmpfs", 0, "size=64k") < 0 || mkdir("/run/systemd", 0700) < 0 ||
                mkdir("/run/systemd/journal", 0700) < 0)
                return -1;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -1 : fd;
}

/* Without assertions: it runs in a child. */
static int log_to_journal(bool stream_is_stderr, int file)
{
        static const struct log_field fields[] = {{"error_code", "ERR_X"}, {"stage", NULL}, {0}};
        char entry[4096] = "";
        struct stat status;
        int journal = listen_as_journal();
        if (journal < 0)
                return NO_JOURNAL;
        if (dup2(file, STDERR_FILENO) < 0 || fstat(stream_is_stderr ? STDERR_FILENO : journal, &status) < 0)
                return 1;
        _cleanup_free_ char *stream =
                string_format("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
        setenv("JOURNAL_STREAM", stream, 1);
        log_write(LOG_LEVEL_WARNING, fields, "one\ntwo");
        ssize_t size = recv(journal, entry, sizeof(entry) - 1, MSG_DONTWAIT);
        if (!stream_is_stderr)
                return size < 0 ? 0 : 2;
        if (size < 0)
                return 3;
        static const char message[] = "MESSAGE\n\x07\0\0\0\0\0\0\0one\ntwo\n";
        return memmem(entry, (size_t)size, message, sizeof(message) - 1) &&
                               memmem(entry, (size_t)size, "PRIORITY=4\n", 11) &&
                               memmem(entry, (size_t)size, "ERROR_CODE=ERR_X\n", 17) &&
                               !memmem(entry, (size_t)size, "STAGE", 5) &&
                               !memmem(entry, (size_t)size, "CODE_FILE", 9)
                       ? 0
                       : 4;
}

static void test_journal(void **state)
{
        for (int stream_is_stderr = 0; stream_is_stderr < 2; stream_is_stderr++) {
                _cleanup_scratch_ struct scratch scratch = scratch_make();
                _cleanup_close_ int file =
                        openat(scratch.fd, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
                pid_t child = fork();
                if (child == 0)
                        _exit(log_to_journal(stream_is_stderr, file));
                int status = scratch_wait(child);
                assert_true(WIFEXITED(status));
                if (WEXITSTATUS(status) == NO_JOURNAL) {
                        scratch_remove(&scratch);
                        skip();
                }
                assert_int_equal(WEXITSTATUS(status), 0);
                /* The line goes to one of the two, never to both. */
                _cleanup_free_ char *written = scratch_read(&scratch, "log", NULL);
                assert_int_equal(*written == '\0', stream_is_stderr);
        }
}
#endif

static void test_level_names(void **state)
{
        assert_string_equal(log_level_name(LOG_LEVEL_INFO), "info");
        assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
        assert_string_equal(log_level_name(LOG_LEVEL_ERROR), "error");
}

int main(void)
{
        unsetenv("JOURNAL_STREAM");
        const struct CMUnitTest tests[] = {
#ifdef HAVE_SYSTEMD
                cmocka_unit_test(test_journal), /* first: it is looked for at the first line, once */
#endif
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_no_fields),
                cmocka_unit_test(test_long_text_is_cut),
                cmocka_unit_test(test_lines_of_threads_stay_whole),
                cmocka_unit_test(test_closed_stderr),
                cmocka_unit_test(test_level_names),
        };
        return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
