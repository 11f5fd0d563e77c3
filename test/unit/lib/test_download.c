/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/address.h"
#include "lib/download.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "test/unit/http_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <sched.h>
#include <sys/mount.h>

#define SIZE 300000

/* No test here pulls the plug: syncs are not waited for. */
int fsync(int fd)
{
        return 0;
}

struct fixture {
        char path[64];
        int fd; /* "served" holds what the server gives, the rest is ours */
        struct http_server server;
        char sha256[65]; /* of served/f.zip */
        struct buffer notices;
        uint64_t first_done, last_done, last_total;
        struct cancel cancel;
        uint64_t cancel_at, kill_at;
};

#define OK(call)                                                                                             \
        do {                                                                                                 \
                _cleanup_error_ struct error err = {0};                                                      \
                if ((call) < 0)                                                                              \
                        fail_msg("%s: %s", #call, error_message(&err));                                      \
        } while (0)

static void serve(struct fixture *fixture, unsigned seed)
{
        _cleanup_free_ char *data = memory_new(SIZE);
        for (size_t i = 0; i < SIZE; i++) {
                seed = seed * 1103515245 + 12345;
                data[i] = (char)(seed >> 16);
        }
        OK(file_write_atomic(fixture->fd, "served/f.zip", data, SIZE, 0644, &err));
        /* Old enough for its date to be a strong validator. */
        const struct timespec times[] = {{.tv_sec = 1577880000}, {.tv_sec = 1577880000}};
        assert_int_equal(utimensat(fixture->fd, "served/f.zip", times, 0), 0);
        OK(file_sha256(fixture->fd, "served/f.zip", NULL, fixture->sha256, &(uint64_t){0}, &err));
}

static int setup(void **state)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        strcpy(fixture->path, "/tmp/test-download-XXXXXX");
        if (!mkdtemp(fixture->path))
                return -1;
        fixture->fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *served = string_format("%s/served", fixture->path);
        _cleanup_free_ char *log = string_format("%s/log", fixture->path);
        _cleanup_error_ struct error err = {0};
        if (mkdirat(fixture->fd, "served", 0700) < 0 || cancel_init(&fixture->cancel, &err) < 0)
                return -1;
        serve(fixture, 1);
        *state = fixture;
        return http_server_start(
                &fixture->server, (const char *const[]){"--root", served, "--log", log, NULL});
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        http_server_stop(&fixture->server);
        int removed = tree_remove(parent, strrchr(fixture->path, '/') + 1, &err);
        close(fixture->fd);
        buffer_deinit(&fixture->notices);
        cancel_deinit(&fixture->cancel);
        free(fixture);
        return removed;
}

static void take_notice(const char *text, void *userdata)
{
        struct fixture *fixture = userdata;
        buffer_append_format(&fixture->notices, "%s\n", text);
}

static void take_progress(uint64_t done, uint64_t total, void *userdata)
{
        struct fixture *fixture = userdata;
        if (fixture->first_done == UINT64_MAX)
                fixture->first_done = done;
        fixture->last_done = done;
        fixture->last_total = total;
        if (fixture->kill_at > 0 && done >= fixture->kill_at)
                (void)raise(SIGKILL);
        if (fixture->cancel_at > 0 && done >= fixture->cancel_at)
                cancel_request(&fixture->cancel, CANCEL_BY_STOP);
}

static struct download_options options_for(struct fixture *fixture, const char *url)
{
        buffer_deinit(&fixture->notices);
        fixture->first_done = UINT64_MAX;
        return (struct download_options){
                .url = url,
                .allow_insecure = true,
                .folder_fd = fixture->fd,
                .name = "package.zip",
                .size_limit = 1 << 20,
                .connect_timeout_ms = 10000,
                .stall_timeout_ms = 10000,
                .attempts = 1,
                .backoff_ms = 1,
                .cancel = &fixture->cancel,
                .on_progress = take_progress,
                .on_notice = take_notice,
                .userdata = fixture,
        };
}

static char *address(struct fixture *fixture, const char *target)
{
        return string_format("%s%s", fixture->server.url, target);
}

static bool is_there(struct fixture *fixture, const char *path)
{
        struct stat status;
        return fstatat(fixture->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_fetched(struct fixture *fixture)
{
        char sha256[65];
        uint64_t size;
        struct stat status;
        OK(file_sha256(fixture->fd, "package.zip", NULL, sha256, &size, &err));
        assert_string_equal(sha256, fixture->sha256);
        assert_false(is_there(fixture, "package.zip.part"));
        assert_false(is_there(fixture, "package.zip.part.json"));
        assert_int_equal(fstatat(fixture->fd, "package.zip", &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
}

static struct download_result fetch(struct fixture *fixture, struct download_options options)
{
        struct download_result result = {0};
        OK(download_file(&options, &result, &err));
        assert_int_equal(result.size, SIZE);
        assert_string_equal(result.sha256, fixture->sha256);
        assert_fetched(fixture);
        return result;
}

static void fetch_fails(struct download_options options, enum reason reason, const char *part)
{
        _cleanup_error_ struct error err = {0};
        struct download_result result = {0};
        int fetched = download_file(&options, &result, &err);
        if (fetched == 0)
                fail_msg("fetched, though: %s", part);
        if (err.reason != reason || !strstr(error_message(&err), part))
                fail_msg("wanted %s \"%s\", got %s: %s", reason_name(reason), part, reason_name(err.reason),
                        error_message(&err));
        assert_int_equal(result.size, 0);
}

/* The server's log: how often `text` is in it. */
static size_t logged(struct fixture *fixture, const char *text)
{
        _cleanup_free_ char *log = NULL;
        size_t size, count = 0;
        OK(file_read(fixture->fd, "log", 1 << 20, &log, &size, &err));
        for (const char *found = log; (found = strstr(found, text)); found++)
                count++;
        return count;
}

static void test_fetches(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip");
        struct download_options options = options_for(fixture, url);
        options.sha256 = fixture->sha256;
        assert_false(fetch(fixture, options).resumed);
        assert_int_equal(fixture->last_done, SIZE);
        assert_int_equal(fixture->last_total, SIZE);
        assert_int_equal(logged(fixture, "\"agent\": \"mautic-upgraded/"), 1);
        fetch_fails(options, REASON_ALREADY_EXISTS, "package.zip");
}

/* A try is cut off; the next call goes on, or begins anew where the server gives no way to go on. */
static void test_goes_on_after_a_cut(void **state)
{
        static const struct {
                const char *target;
                bool resumes;
        } cases[] = {
                {"f.zip?cut=100000&times=1", true},
                {"f.zip?etag=weak&cut=100000&times=1", true}, /* by the date */
                {"f.zip?etag=none&cut=100000&times=1", true},
                {"f.zip?novalidator=1&cut=100000", false},
                {"f.zip?norange=1&cut=100000", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fixture *fixture = *state;
                _cleanup_free_ char *url = address(fixture, cases[i].target);
                fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "127.0.0.1");
                assert_true(is_there(fixture, "package.zip.part"));
                if (!cases[i].resumes) {
                        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "127.0.0.1");
                        assert_int_equal(fixture->last_done, 100000);
                        continue;
                }
                assert_true(fetch(fixture, options_for(fixture, url)).resumed);
                assert_true(fixture->first_done >= 100000);
                OK(file_remove(fixture->fd, "package.zip", &err));
        }
        assert_int_equal(logged(*state, "\"range\": \"bytes=100000-\""), 4);
        assert_int_equal(logged(*state, "\"status\": 206"), 3);
}

static void test_tries_again_by_itself(void **state)
{
        static const struct {
                const char *target, *notice;
        } cases[] = {
                {"f.zip?status=503&times=2", "status 503"},
                {"f.zip?status=500&times=2", "status 500"},
                {"f.zip?status=408&times=2", "status 408"},
                {"f.zip?status=429&times=2", "status 429"},
                {"f.zip?cut=0&times=2", "trying again"},
                {"f.zip?cut=70000&times=2", "trying again"},
                {"f.zip?stall=70000&times=2", "sent nothing for 0.2 s, after "},
                {"f.zip?length=5&times=2", "trying again"},
                {"f.zip?chunked=1&cut=70000&times=2", "trying again"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fixture *fixture = *state;
                _cleanup_free_ char *url = address(fixture, cases[i].target);
                struct download_options options = options_for(fixture, url);
                options.attempts = 3;
                options.stall_timeout_ms = 200;
                fetch(fixture, options);
                if (!strstr(fixture->notices.data, cases[i].notice))
                        fail_msg("%s: %s", cases[i].target, fixture->notices.data);
                OK(file_remove(fixture->fd, "package.zip", &err));
        }
}

static void test_gives_up(void **state)
{
        static const struct {
                const char *target;
                enum reason reason;
                const char *part;
                size_t requests;
        } cases[] = {
                {"missing", REASON_PACKAGE_NOT_FOUND, "/missing (status 404)", 1},
                {"f.zip?status=410", REASON_PACKAGE_NOT_FOUND, "status 410", 1},
                {"f.zip?status=403", REASON_DOWNLOAD_FAILED, "status 403", 1},
                {"f.zip?status=401&secret=1", REASON_DOWNLOAD_FAILED, "f.zip answered", 1},
                {"f.zip?status=204", REASON_DOWNLOAD_FAILED, "status 204", 1},
                {"f.zip?status=503", REASON_DOWNLOAD_FAILED, "after 2 tries: ", 2},
                {"f.zip?stall=1000", REASON_TIMED_OUT, "sent nothing for 0.2 s", 2},
                {"f.zip?rate=20", REASON_TIMED_OUT, "bytes for 0.2 s, after", 2},
                {"f.zip?redirect=loop", REASON_DOWNLOAD_FAILED, "more than 10 redirects", 11},
                {"f.zip?location=file:///etc/passwd", REASON_DOWNLOAD_FAILED,
                        "redirects to file:///etc/passwd", 1},
                {"f.zip?location=ftp://127.0.0.1/x", REASON_DOWNLOAD_FAILED, "ftp is not allowed", 1},
                {"f.zip?location=javascript:alert(1)", REASON_DOWNLOAD_FAILED, "redirects to", 1},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct fixture *fixture = *state;
                _cleanup_free_ char *url = address(fixture, cases[i].target);
                struct download_options options = options_for(fixture, url);
                options.attempts = 2;
                options.stall_timeout_ms = 200;
                fetch_fails(options, cases[i].reason, cases[i].part);
                _cleanup_free_ char *target = string_format("\"target\": \"/%s\"", cases[i].target);
                assert_int_equal(logged(fixture, target), cases[i].requests);
                assert_false(is_there(fixture, "package.zip"));
        }
}

static void test_redirects(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?redirect=10");
        fetch(fixture, options_for(fixture, url));
        OK(file_remove(fixture->fd, "package.zip", &err));
        _cleanup_free_ char *eleven = address(fixture, "f.zip?redirect=11");
        fetch_fails(options_for(fixture, eleven), REASON_DOWNLOAD_FAILED, "more than 10 redirects");
}

static void test_changed_file(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?cut=100000&times=1");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        serve(fixture, 2);
        assert_false(fetch(fixture, options_for(fixture, url)).resumed);
        assert_non_null(strstr(fixture->notices.data, "begins anew"));
}

/* Servers that answer a range with other bytes than were asked for. */
static void test_lying_ranges(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?cut=100000&wrongrange=10&times=2");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "another part of the package");
        assert_false(fetch(fixture, options_for(fixture, url)).resumed);
}

static void test_checksum(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip");
        struct download_options options = options_for(fixture, url);
        options.sha256 = "0000000000000000000000000000000000000000000000000000000000000000";
        fetch_fails(options, REASON_PACKAGE_CHECKSUM, fixture->sha256);
        assert_false(is_there(fixture, "package.zip"));
        assert_false(is_there(fixture, "package.zip.part")); /* the next call fetches it anew */
}

/* Bytes of before that don't fit the checksum are given up for new ones. */
static void test_spoilt_part(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?cut=100000&times=1");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        _cleanup_close_ int fd = openat(fixture->fd, "package.zip.part", O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, "spoilt", 6, 500), 6);
        struct download_options options = options_for(fixture, url);
        options.sha256 = fixture->sha256;
        assert_false(fetch(fixture, options).resumed);
}

/* All bytes had come, but the process died before the rename. */
static void test_whole_part(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?cut=299999&times=1");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        _cleanup_close_ int fd = openat(fixture->fd, "package.zip.part", O_WRONLY | O_APPEND | O_CLOEXEC);
        _cleanup_close_ int whole = openat(fixture->fd, "served/f.zip", O_RDONLY | O_CLOEXEC);
        char last;
        assert_int_equal(pread(whole, &last, 1, SIZE - 1), 1);
        assert_int_equal(write(fd, &last, 1), 1);
        size_t requests = logged(fixture, "GET");
        assert_true(fetch(fixture, options_for(fixture, url)).resumed);
        assert_int_equal(logged(fixture, "GET"), requests);
}

/* The note does not tell the length: the server is asked and answers 416. */
static void test_unsatisfied_range(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?chunked=1&cut=299999&times=1");
        _cleanup_close_ int whole = openat(fixture->fd, "served/f.zip", O_RDONLY | O_CLOEXEC);
        char last;
        assert_int_equal(pread(whole, &last, 1, SIZE - 1), 1);
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        int fd = openat(fixture->fd, "package.zip.part", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, &last, 1), 1);
        close(fd);
        assert_true(fetch(fixture, options_for(fixture, url)).resumed);
        assert_int_equal(logged(fixture, "\"status\": 416"), 1);
        OK(file_remove(fixture->fd, "package.zip", &err));
        /* More than the whole: of another file. */
        _cleanup_free_ char *other = address(fixture, "f.zip?chunked=1&cut=299998&times=1");
        fetch_fails(options_for(fixture, other), REASON_DOWNLOAD_FAILED, "");
        fd = openat(fixture->fd, "package.zip.part", O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "12345", 5), 5);
        close(fd);
        struct download_options options = options_for(fixture, other);
        options.attempts = 2;
        assert_false(fetch(fixture, options).resumed);
        assert_non_null(strstr(fixture->notices.data, "changed on the server"));
}

static void test_another_address_begins_anew(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?cut=100000");
        _cleanup_free_ char *other = address(fixture, "f.zip");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        assert_false(fetch(fixture, options_for(fixture, other)).resumed);
        assert_int_equal(logged(fixture, "\"range\": null"), 2);
}

/* After another boot only what was synced counts. */
static void test_power_cut(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?cut=100000&times=1");
        fetch_fails(options_for(fixture, url), REASON_DOWNLOAD_FAILED, "");
        _cleanup_free_ char *note = NULL;
        size_t size;
        OK(file_read(fixture->fd, "package.zip.part.json", 4096, &note, &size, &err));
        char *boot = strstr(note, "\"boot\":\"");
        assert_non_null(boot);
        boot[8] = boot[8] == '0' ? '1' : '0';
        OK(file_write_atomic(fixture->fd, "package.zip.part.json", note, size, 0600, &err));
        assert_false(fetch(fixture, options_for(fixture, url)).resumed);
}

static void test_damaged_notes(void **state)
{
        static const char *const notes[] = {"", "{", "[]", "{\"address\":1}", "\xff\xfe", "null",
                "{\"address\":\"x\",\"validator\":\"y\",\"length\":-1,\"synced\":5,\"boot\":\"\"}"};
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip");
        for (size_t i = 0; i < ARRAY_SIZE(notes); i++) {
                OK(file_write_atomic(fixture->fd, "package.zip.part", "old", 3, 0600, &err));
                OK(file_write_atomic(
                        fixture->fd, "package.zip.part.json", notes[i], strlen(notes[i]), 0600, &err));
                assert_false(fetch(fixture, options_for(fixture, url)).resumed);
                OK(file_remove(fixture->fd, "package.zip", &err));
        }
}

static void test_part_is_a_link(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip");
        OK(file_write_atomic(fixture->fd, "precious", "precious", 8, 0600, &err));
        assert_int_equal(symlinkat("precious", fixture->fd, "package.zip.part"), 0);
        fetch_fails(options_for(fixture, url), REASON_UNSAFE_PATH, "package.zip.part");
        _cleanup_free_ char *data = NULL;
        size_t size;
        OK(file_read(fixture->fd, "precious", 100, &data, &size, &err));
        assert_string_equal(data, "precious");
}

static void test_size_limit(void **state)
{
        static const char *const targets[] = {"f.zip", "f.zip?chunked=1"};
        for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
                struct fixture *fixture = *state;
                _cleanup_free_ char *url = address(fixture, targets[i]);
                struct download_options options = options_for(fixture, url);
                options.size_limit = SIZE - 1;
                fetch_fails(options, REASON_DOWNLOAD_FAILED, "larger than the 299999 bytes");
                options.size_limit = SIZE;
                fetch(fixture, options);
                OK(file_remove(fixture->fd, "package.zip", &err));
        }
}

static void test_addresses(void **state)
{
        static const struct {
                const char *url;
                bool insecure;
                enum reason reason;
                const char *part;
        } cases[] = {
                {"http://127.0.0.1:1/x", false, REASON_INVALID_ARGUMENT, "is not https"},
                {"file:///etc/passwd", false, REASON_INVALID_ARGUMENT, "is not https"},
                {"ftp://127.0.0.1/x", true, REASON_INVALID_ARGUMENT, "scheme ftp"},
                {"gopher://127.0.0.1/x", true, REASON_INVALID_ARGUMENT, "scheme gopher"},
                {"", true, REASON_INVALID_ARGUMENT, "no URL"},
                {"package.zip", true, REASON_INVALID_ARGUMENT, "no URL"},
                {"http://a b/", true, REASON_INVALID_ARGUMENT, "no URL"},
                {"file:///no/such/file", true, REASON_PACKAGE_NOT_FOUND, "/no/such/file"},
                {"file:///dev/zero", true, REASON_PACKAGE_NOT_FOUND, "not a regular file"},
                {"http://127.0.0.1:1/x", true, REASON_DOWNLOAD_FAILED,
                        "http://127.0.0.1:1/x: Failed to connect"},
                {"http://user:secret@127.0.0.1:1/x?key=secret", true, REASON_DOWNLOAD_FAILED,
                        "http://127.0.0.1:1/x: "},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct download_options options = options_for(*state, cases[i].url);
                options.allow_insecure = cases[i].insecure;
                fetch_fails(options, cases[i].reason, cases[i].part);
        }
}

static void test_file_address(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = string_format("file://%s/served/f.zip", fixture->path);
        fetch(fixture, options_for(fixture, url));
}

static void test_cancel(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?rate=200000&times=1");
        struct download_options options = options_for(fixture, url);
        fixture->cancel_at = 50000;
        fetch_fails(options, REASON_STOPPING, "stopping");
        fixture->cancel_at = 0;
        fetch_fails(options, REASON_STOPPING, "stopping");
        cancel_reset(&fixture->cancel);
        assert_true(fetch(fixture, options_for(fixture, url)).resumed);
}

static void test_cancel_while_nothing_comes(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?stall=50000");
        struct download_options options = options_for(fixture, url);
        options.stall_timeout_ms = 0;
        fixture->cancel_at = 50000;
        fetch_fails(options, REASON_STOPPING, "stopping");
}

static void test_killed(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip?rate=1000000");
        for (uint64_t at = 60000; at < 230000; at += 80000) {
                pid_t pid = fork();
                assert_true(pid >= 0);
                if (pid == 0) {
                        struct error err = {0};
                        struct download_result result;
                        fixture->kill_at = at;
                        struct download_options options = options_for(fixture, url);
                        _exit(download_file(&options, &result, &err) == 0);
                }
                int status;
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
                assert_false(is_there(fixture, "package.zip"));
        }
        assert_true(fetch(fixture, options_for(fixture, url)).resumed);
        assert_int_equal(logged(fixture, "\"status\": 206"), 3);
}

static void test_full_disk(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *url = address(fixture, "f.zip"),
                            *path = string_format("%s/small", fixture->path);
        assert_int_equal(mkdir(path, 0700), 0);
        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                mount("none", path, "tmpfs", 0, "size=200k") < 0)
                skip();
        _cleanup_close_ int small = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct download_options options = options_for(fixture, url);
        options.folder_fd = small;
        options.attempts = 3;
        fetch_fails(options, REASON_DISK_FULL, "package.zip.part");
        assert_int_equal(mount("none", path, "tmpfs", MS_REMOUNT, "size=8m"), 0);
        struct download_result result = {0};
        OK(download_file(&options, &result, &err));
        assert_string_equal(result.sha256, fixture->sha256);
        assert_true(result.resumed);
        (void)umount2(path, MNT_DETACH);
}

static void test_untrusted_certificate(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *key = string_format("%s/key", fixture->path);
        _cleanup_free_ char *certificate = string_format("%s/certificate", fixture->path);
        _cleanup_free_ char *served = string_format("%s/served", fixture->path);
        pid_t pid = fork();
        if (pid == 0) {
                (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
                execlp("openssl", "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                        "/CN=localhost", "-keyout", key, "-out", certificate, NULL);
                _exit(127);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0)
                skip();
        struct http_server server = {0};
        assert_int_equal(http_server_start(&server,
                                 (const char *const[]){"--root", served, "--tls", certificate, key, NULL}),
                0);
        _cleanup_free_ char *url = string_format("%sf.zip", server.url);
        struct download_options options = options_for(fixture, url);
        options.attempts = 3;
        fetch_fails(options, REASON_DOWNLOAD_FAILED, "TLS certificate");
        assert_null(fixture->notices.data); /* no second try */
        http_server_stop(&server);
}

static void test_public_address(void **state)
{
        static const struct {
                const char *url, *shown;
        } cases[] = {
                {"https://a.example/b/c.zip", "https://a.example/b/c.zip"},
                {"https://user:secret@a.example:8443/b?key=secret#part", "https://a.example:8443/b"},
                {"nothing", "(an address that can't be read)"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *shown = address_public(cases[i].url);
                assert_string_equal(shown, cases[i].shown);
        }
}

int main(void)
{
        setenv("no_proxy", "127.0.0.1", 1);
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_fetches),
                TEST(test_goes_on_after_a_cut),
                TEST(test_tries_again_by_itself),
                TEST(test_gives_up),
                TEST(test_redirects),
                TEST(test_changed_file),
                TEST(test_lying_ranges),
                TEST(test_checksum),
                TEST(test_spoilt_part),
                TEST(test_whole_part),
                TEST(test_unsatisfied_range),
                TEST(test_another_address_begins_anew),
                TEST(test_power_cut),
                TEST(test_damaged_notes),
                TEST(test_part_is_a_link),
                TEST(test_size_limit),
                TEST(test_addresses),
                TEST(test_file_address),
                TEST(test_cancel),
                TEST(test_cancel_while_nothing_comes),
                TEST(test_killed),
                TEST(test_untrusted_certificate),
                TEST(test_full_disk),
                cmocka_unit_test(test_public_address),
        };
        return cmocka_run_group_tests_name("download", tests, NULL, NULL);
}
