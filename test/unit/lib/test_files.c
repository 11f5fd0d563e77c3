/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/cancel.h"
#include "lib/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "test/unit/scratch.h"

#define ODD_NAME "odd\x01\n\xff \"'$(x)-\\"

static void make_folder(const struct scratch *scratch, const char *name)
{
        assert_int_equal(mkdirat(scratch->fd, name, 0755), 0);
}

static void make_link(const struct scratch *scratch, const char *target, const char *name)
{
        assert_int_equal(symlinkat(target, scratch->fd, name), 0);
}

static void assert_content(const struct scratch *scratch, const char *name, const char *wanted)
{
        _cleanup_free_ char *content = scratch_read(scratch, name, NULL);
        assert_non_null(content);
        assert_string_equal(content, wanted);
}

static size_t count_entries(const struct scratch *scratch, const char *name)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list list = {0};
        assert_ok(folder_list(scratch->fd, name, &list, &err));
        return list.count;
}

/* Paths */

/* The scratch folder holds "outside" and "root", which the paths are below of. */
static struct scratch make_site(struct scratch *ret_root)
{
        struct scratch scratch = scratch_make();
        make_folder(&scratch, "root");
        make_folder(&scratch, "outside");
        scratch_write(&scratch, "outside/secret", "secret", 6);
        *ret_root = (struct scratch){.path = string_format("%s/root", scratch.path),
                .fd = openat(scratch.fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
        make_folder(ret_root, "a");
        make_folder(ret_root, "a/b");
        scratch_write(ret_root, "a/b/file", "content", 7);
        scratch_write(ret_root, ODD_NAME, "odd", 3);
        make_link(ret_root, "a/b", "inside");
        make_link(ret_root, "a/b/file", "filelink");
        make_link(ret_root, "../outside", "out");
        make_link(ret_root, "/etc", "absolute");
        make_link(ret_root, "nowhere", "dangling");
        make_link(ret_root, "loop", "loop");
        make_link(ret_root, "../a/b/../b", "a/back");
        make_link(ret_root, "inside", "twice");
        make_link(ret_root, "../../outside", "a/out");
        return scratch;
}

enum outcome {
        OPENS,
        IS_MISSING,
        IS_UNSAFE,
        IS_NO_FOLDER,
};

static const struct {
        const char *path;
        enum outcome as_file; /* opened for reading */
        enum outcome as_folder;
} paths[] = {
        {"a/b/file", OPENS, IS_NO_FOLDER},
        {"./a//b/./file", OPENS, IS_NO_FOLDER},
        {ODD_NAME, OPENS, IS_NO_FOLDER},
        {"a/../a/b/file", OPENS, IS_NO_FOLDER},
        {"inside/file", OPENS, IS_NO_FOLDER},
        {"twice/file", OPENS, IS_NO_FOLDER},
        {"a/back/file", OPENS, IS_NO_FOLDER},
        {".", OPENS, OPENS},
        {"a", OPENS, OPENS},
        {"a/", OPENS, OPENS},
        {"a/b/..", OPENS, OPENS},
        {"inside", IS_UNSAFE, IS_UNSAFE}, /* the last component is not followed, */
        {"inside/", IS_UNSAFE, IS_UNSAFE}, /* and a slash doesn't change that */
        {"inside/.", OPENS, OPENS},
        {"filelink", IS_UNSAFE, IS_UNSAFE},
        {"missing", IS_MISSING, IS_MISSING},
        {"missing/file", IS_MISSING, IS_MISSING},
        {"dangling/file", IS_MISSING, IS_MISSING},
        {"dangling", IS_UNSAFE, IS_UNSAFE},
        {"a/b/file/x", IS_NO_FOLDER, IS_NO_FOLDER},
        {"", IS_MISSING, IS_MISSING},
        {"..", IS_UNSAFE, IS_UNSAFE},
        {"../outside/secret", IS_UNSAFE, IS_UNSAFE},
        {"a/../../outside/secret", IS_UNSAFE, IS_UNSAFE},
        {"a/../../root/a", IS_UNSAFE, IS_UNSAFE},
        {"out/secret", IS_UNSAFE, IS_UNSAFE},
        {"a/out/secret", IS_UNSAFE, IS_UNSAFE},
        {"absolute/passwd", IS_UNSAFE, IS_UNSAFE},
        {"/etc/passwd", IS_UNSAFE, IS_UNSAFE},
        {"/", IS_UNSAFE, IS_UNSAFE},
        {"loop/x", IS_UNSAFE, IS_UNSAFE},
};

/* The number of the first path that does not come out as told, 0: all do. Without assertions, so that a child
 * process can call it. */
static int try_paths(int root_fd)
{
        for (size_t i = 0; i < 2 * ARRAY_SIZE(paths); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_close_ int fd = -1;
                bool folder = i % 2;
                const char *path = paths[i / 2].path;
                enum outcome wanted = folder ? paths[i / 2].as_folder : paths[i / 2].as_file;
                int result = folder ? folder_open(root_fd, path, &fd, &err)
                                    : file_open(root_fd, path, O_RDONLY, 0, &fd, &err);
                enum outcome outcome = result == 0                        ? OPENS
                                       : result > 0                       ? IS_MISSING
                                       : err.reason == REASON_UNSAFE_PATH ? IS_UNSAFE
                                                                          : IS_NO_FOLDER;
                bool told = result >= 0 || strstr(error_message(&err), path);
                bool closes = fd < 0 || fcntl(fd, F_GETFD) & FD_CLOEXEC;
                if (outcome == wanted && (result == 0) == (fd >= 0) && told && closes)
                        continue;
                fprintf(stderr, "%s %s gave %d: %s\n", folder ? "folder" : "file", path, result,
                        error_message(&err));
                return (int)i + 1;
        }
        return 0;
}

static void test_paths(void **state)
{
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        assert_int_equal(try_paths(root.fd), 0);
}

/* From now on the system call gives this error: what a sandbox or another file system does. */
static int refuse_call(long call, int number)
{
        struct sock_filter program[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)number),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog filter = {.len = ARRAY_SIZE(program), .filter = program};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -1;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

#define NO_SECCOMP 200

static void test_paths_without_openat2(void **state)
{
        static const int numbers[] = {ENOSYS, EPERM};
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                _cleanup_scratch_ struct scratch root = {.fd = -1};
                _cleanup_scratch_ struct scratch scratch = make_site(&root);
                pid_t child = fork();
                if (child == 0)
                        _exit(refuse_call(SYS_openat2, numbers[i]) < 0 ? NO_SECCOMP : try_paths(root.fd));
                int status = scratch_wait(child);
                assert_true(WIFEXITED(status));
                if (WEXITSTATUS(status) == NO_SECCOMP)
                        skip();
                assert_int_equal(WEXITSTATUS(status), 0);
        }
}

/* Files */

static void test_open_creates(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_close_ int fd = -1;
        int none = -1;
        struct stat status;
        assert_ok(file_open(scratch.fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0640, &fd, &err));
        assert_int_equal(fstat(fd, &status), 0);
        assert_int_equal(status.st_mode & 0777 & ~0640, 0);
        assert_fails(file_open(scratch.fd, "new", O_WRONLY | O_CREAT | O_EXCL, 0640, &none, &err),
                REASON_ALREADY_EXISTS);
        assert_fails(
                file_open(scratch.fd, "no/new", O_WRONLY | O_CREAT, 0640, &none, &err), REASON_NOT_FOUND);
        make_link(&scratch, "target", "link");
        assert_fails(
                file_open(scratch.fd, "link", O_WRONLY | O_CREAT, 0600, &none, &err), REASON_UNSAFE_PATH);
        assert_false(scratch_has(&scratch, "target"));
}

static void test_stat(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        struct stat status = {.st_size = 77};
        assert_result(file_stat(root.fd, "missing", &status, &err), 1);
        assert_result(file_stat(root.fd, "a/b/file/x", &status, &err), 1);
        assert_int_equal(status.st_size, 77);
        assert_ok(file_stat(root.fd, "a/b/file", &status, &err));
        assert_int_equal(status.st_size, 7);
        assert_ok(file_stat(root.fd, "dangling", &status, &err));
        assert_true(S_ISLNK(status.st_mode));
        assert_ok(file_stat(root.fd, ".", &status, &err));
        assert_true(S_ISDIR(status.st_mode));
        assert_fails(file_stat(root.fd, "out/secret", &status, &err), REASON_UNSAFE_PATH);
}

static void test_read(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        char *data = NULL;
        size_t size = 77;
        assert_result(file_read(root.fd, "missing", 10, &data, &size, &err), 1);
        assert_fails(file_read(root.fd, "a/b/file", 6, &data, &size, &err), REASON_INVALID_ARGUMENT);
        assert_fails(file_read(root.fd, "a", 10, &data, &size, &err), REASON_INVALID_ARGUMENT);
        assert_fails(file_read(root.fd, "filelink", 10, &data, &size, &err), REASON_UNSAFE_PATH);
        assert_int_equal(mkfifoat(root.fd, "fifo", 0600), 0);
        assert_fails(file_read(root.fd, "fifo", 10, &data, &size, &err), REASON_INVALID_ARGUMENT);
        assert_null(data);
        assert_int_equal(size, 77);
        assert_ok(file_read(root.fd, "a/b/file", 7, &data, &size, &err));
        assert_int_equal(size, 7);
        assert_string_equal(data, "content");
        free(steal(&data));
        scratch_write(&root, "empty", "", 0);
        assert_ok(file_read(root.fd, "empty", 0, &data, &size, &err));
        assert_int_equal(size, 0);
        assert_string_equal(data, "");
        free(data);
        /* more than one piece, with NUL bytes */
        _cleanup_free_ char *large = memory_new(300001);
        large[299999] = 'x';
        scratch_write(&root, "large", large, 300000);
        assert_ok(file_read(root.fd, "large", 300000, &data, &size, &err));
        assert_int_equal(size, 300000);
        assert_memory_equal(data, large, 300001);
        free(data);
}

static void test_write_atomic(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct stat status;
        mode_t mask = umask(077);
        assert_ok(file_write_atomic(scratch.fd, "file", "one", 3, 0664, &err));
        umask(mask);
        assert_content(&scratch, "file", "one");
        assert_int_equal(fstatat(scratch.fd, "file", &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0664);
        assert_ok(file_write_atomic(scratch.fd, "file", "", 0, 0400, &err));
        assert_content(&scratch, "file", "");
        /* a link is replaced, and not what it points to */
        scratch_write(&scratch, "target", "kept", 4);
        make_link(&scratch, "target", "link");
        assert_ok(file_write_atomic(scratch.fd, "link", "new", 3, 0600, &err));
        assert_content(&scratch, "target", "kept");
        assert_content(&scratch, "link", "new");
        /* the longest name, and what a killed try left */
        char name[256];
        memset(name, 'n', 255);
        name[255] = '\0';
        assert_ok(file_write_atomic(scratch.fd, name, "long", 4, 0600, &err));
        scratch_write(&scratch, ".file.mautic-upgraded", "half", 4);
        assert_ok(file_write_atomic(scratch.fd, "file", "two", 3, 0600, &err));
        assert_content(&scratch, "file", "two");
        make_folder(&scratch, "folder");
        assert_int_equal(file_write_atomic(scratch.fd, "folder", "x", 1, 0600, &err), -1);
        assert_fails(file_write_atomic(scratch.fd, "no/file", "x", 1, 0600, &err), REASON_NOT_FOUND);
        assert_fails(file_write_atomic(scratch.fd, "..", "x", 1, 0600, &err), REASON_UNSAFE_PATH);
        assert_fails(file_write_atomic(scratch.fd, "../x", "x", 1, 0600, &err), REASON_UNSAFE_PATH);
        assert_int_equal(count_entries(&scratch, "."), 5); /* and no temporary file */
}

static void test_write_all(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        assert_true(full >= 0);
        assert_fails(file_write_all(full, "x", 1, "the dump", &err), REASON_DISK_FULL);
        assert_non_null(strstr(err.message, "the dump"));
        assert_ok(file_write_all(full, "", 0, "nothing", &err));
        assert_int_equal(file_write_all(-1, "x", 1, "x", &err), -1);
        assert_int_equal(err.number, EBADF);
        assert_int_equal(file_sync(-1, "x", &err), -1);
}

static void test_sync(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        assert_ok(file_sync(scratch.fd, "x", &err));
}

static void test_full_disk(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        if (!scratch_mount(&scratch, "size=256k,nr_inodes=10")) {
                scratch_remove(&scratch);
                skip();
        }
        scratch_write(&scratch, "file", "old", 3);
        _cleanup_free_ char *large = memory_new(1024 * 1024);
        assert_fails(file_write_atomic(scratch.fd, "file", large, 1024 * 1024, 0600, &err), REASON_DISK_FULL);
        assert_content(&scratch, "file", "old");
        assert_int_equal(count_entries(&scratch, "."), 1);
        make_folder(&scratch, "tree");
        scratch_write(&scratch, "tree/a", large, 200 * 1024);
        assert_fails(tree_copy(scratch.fd, "tree", scratch.fd, "copy", NULL, &err), REASON_DISK_FULL);
        assert_int_equal(count_entries(&scratch, "."), 2); /* no half copy */
        for (int i = 0; i < 10; i++) {
                _cleanup_free_ char *name = string_format("%d", i);
                (void)mkdirat(scratch.fd, name, 0700);
        }
        assert_fails(folder_make(scratch.fd, "another", 0700, &err), REASON_DISK_FULL); /* of inodes */
        struct free_space space;
        assert_ok(file_system_free(scratch.fd, &space, &err));
        assert_int_equal(space.inodes, 0);
        assert_true(space.bytes < 256 * 1024);
}

static void test_folder_make(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        struct stat status;
        mode_t mask = umask(077);
        assert_ok(folder_make(root.fd, "x//y/z/", 02775, &err));
        umask(mask);
        static const char *const names[] = {"x", "x/y", "x/y/z"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_int_equal(fstatat(root.fd, names[i], &status, 0), 0);
                assert_int_equal(status.st_mode & 07777, 02775);
        }
        assert_ok(folder_make(root.fd, "x/y", 0700, &err)); /* what is there stays as it is */
        assert_int_equal(fstatat(root.fd, "x/y", &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 02775);
        assert_ok(folder_make(root.fd, ".", 0700, &err));
        assert_ok(folder_make(root.fd, "inside/new", 0700, &err));
        assert_true(scratch_has(&root, "a/b/new"));
        assert_ok(folder_make(root.fd, ODD_NAME "folder", 0700, &err));
        /* what a kill left */
        make_folder(&root, ".late.mautic-upgraded");
        assert_ok(folder_make(root.fd, "late", 0711, &err));
        assert_false(scratch_has(&root, ".late.mautic-upgraded"));
        assert_int_equal(fstatat(root.fd, "late", &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0711);
        assert_fails(folder_make(root.fd, "a/b/file", 0700, &err), REASON_ALREADY_EXISTS);
        assert_fails(folder_make(root.fd, "a/b/file/x", 0700, &err), REASON_ALREADY_EXISTS);
        assert_fails(folder_make(root.fd, "out/x", 0700, &err), REASON_UNSAFE_PATH);
        assert_fails(folder_make(root.fd, "/tmp/x", 0700, &err), REASON_UNSAFE_PATH);
        assert_fails(folder_make(root.fd, "a/../../x", 0700, &err), REASON_UNSAFE_PATH);
        assert_fails(folder_make(root.fd, "dangling", 0700, &err), REASON_ALREADY_EXISTS);
        assert_false(scratch_has(&root, "nowhere"));
        assert_false(scratch_has(&scratch, "x"));
}

/* Renames */

/* The same with and without RENAME_NOREPLACE; 0: all as told. */
static int try_renames(const struct scratch *scratch)
{
        static const struct {
                const char *from, *to;
                int result;
                enum reason reason;
        } cases[] = {
                {"file", "folder/moved", 0, REASON_NONE},
                {"file", "folder/other", 1, REASON_NONE}, /* it is gone */
                {"folder/moved", "file", 0, REASON_NONE},
                {"file", "other", -1, REASON_ALREADY_EXISTS},
                {"file", "empty", -1, REASON_ALREADY_EXISTS},
                {"file", "dangling", -1, REASON_ALREADY_EXISTS},
                {"folder", "empty", -1, REASON_ALREADY_EXISTS},
                {"folder", "other", -1, REASON_ALREADY_EXISTS},
                {"folder", "folder/itself", -1, REASON_UNKNOWN},
                {"folder", "empty/folder", 0, REASON_NONE},
                {"empty/folder", "folder", 0, REASON_NONE},
                {"dangling", "folder/link", 0, REASON_NONE},
                {"folder/link", "dangling", 0, REASON_NONE},
                {"missing", "x", 1, REASON_NONE},
                {"missing/y", "x", 1, REASON_NONE},
                {"file", "missing/x", -1, REASON_NOT_FOUND},
                {"file", "../x", -1, REASON_UNSAFE_PATH},
                {"../x", "x", -1, REASON_UNSAFE_PATH},
                {".", "x", -1, REASON_UNSAFE_PATH},
                {"file", "folder/..", -1, REASON_UNSAFE_PATH},
                {"file", ODD_NAME, 0, REASON_NONE},
                {ODD_NAME, "file", 0, REASON_NONE},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                int result = file_rename(scratch->fd, cases[i].from, scratch->fd, cases[i].to, &err);
                if (result == cases[i].result && err.reason == cases[i].reason)
                        continue;
                fprintf(stderr, "%s to %s gave %d: %s\n", cases[i].from, cases[i].to, result,
                        error_message(&err));
                return (int)i + 1;
        }
        return 0;
}

static void prepare_renames(const struct scratch *scratch)
{
        make_folder(scratch, "folder");
        make_folder(scratch, "folder/full");
        make_folder(scratch, "empty");
        scratch_write(scratch, "file", "file", 4);
        scratch_write(scratch, "other", "other", 5);
        make_link(scratch, "nowhere", "dangling");
}

static void assert_renames_lost_nothing(const struct scratch *scratch)
{
        assert_content(scratch, "file", "file");
        assert_content(scratch, "other", "other");
        assert_true(scratch_has(scratch, "folder/full"));
        assert_true(scratch_has(scratch, "empty"));
        assert_int_equal(count_entries(scratch, "."), 5);
        assert_int_equal(count_entries(scratch, "empty"), 0);
        assert_int_equal(count_entries(scratch, "folder"), 1);
}

static void test_rename(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        prepare_renames(&scratch);
        assert_int_equal(try_renames(&scratch), 0);
        assert_renames_lost_nothing(&scratch);
}

static int in_child_without_renameat2(
        const struct scratch *scratch, int (*function)(const struct scratch *scratch))
{
        pid_t child = fork();
        if (child == 0)
                _exit(refuse_call(SYS_renameat2, EINVAL) < 0 ? NO_SECCOMP : function(scratch));
        int status = scratch_wait(child);
        assert_true(WIFEXITED(status));
        return WEXITSTATUS(status);
}

static void test_rename_without_the_flag(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        prepare_renames(&scratch);
        int result = in_child_without_renameat2(&scratch, try_renames);
        if (result == NO_SECCOMP)
                skip();
        assert_int_equal(result, 0);
        assert_renames_lost_nothing(&scratch);
}

static int finish_broken_off_rename(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        return file_rename(scratch->fd, "file", scratch->fd, "linked", &err) != 0;
}

/* Killed between link and unlink: both names are one file, and the next try takes the old one away. */
static void test_broken_off_rename_without_the_flag(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        scratch_write(&scratch, "file", "file", 4);
        assert_int_equal(linkat(scratch.fd, "file", scratch.fd, "linked", 0), 0);
        int result = in_child_without_renameat2(&scratch, finish_broken_off_rename);
        if (result == NO_SECCOMP)
                skip();
        assert_int_equal(result, 0);
        assert_false(scratch_has(&scratch, "file"));
        assert_content(&scratch, "linked", "file");
}

/* So does the next try after a power cut between the syncs of two folders, where the file system logs each by
 * itself. */
static void test_rename_of_what_has_both_names(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        scratch_write(&scratch, "file", "file", 4);
        assert_int_equal(linkat(scratch.fd, "file", scratch.fd, "linked", 0), 0);
        assert_int_equal(finish_broken_off_rename(&scratch), 0);
        assert_false(scratch_has(&scratch, "file"));
        assert_content(&scratch, "linked", "file");
}

static void test_rename_across_file_systems(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make(), other = scratch_make();
        if (!scratch_mount(&other, "size=64k")) {
                scratch_remove(&scratch);
                scratch_remove(&other);
                skip();
        }
        scratch_write(&scratch, "file", "x", 1);
        assert_fails(file_rename(scratch.fd, "file", other.fd, "file", &err), REASON_INVALID_ARGUMENT);
        assert_true(scratch_has(&scratch, "file"));
}

static void test_remove(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        assert_ok(file_remove(root.fd, "a/b/file", &err));
        assert_result(file_remove(root.fd, "a/b/file", &err), 1);
        assert_result(file_remove(root.fd, "missing/file", &err), 1);
        assert_ok(file_remove(root.fd, "out", &err));
        assert_true(scratch_has(&scratch, "outside/secret"));
        assert_int_equal(file_remove(root.fd, "a", &err), -1);
        assert_fails(file_remove(root.fd, "a/out/secret", &err), REASON_UNSAFE_PATH);
        assert_true(scratch_has(&scratch, "outside/secret"));
}

/* Trees */

#define DEPTH 2500

/* A chain of folders that no path can name: deeper than PATH_MAX and than descriptors are allowed. */
static void make_deep(const struct scratch *scratch, const char *name)
{
        int fd = dup(scratch->fd);
        for (int i = 0; i < DEPTH; i++) {
                const char *entry = i == 0 ? name : "deeper";
                assert_int_equal(mkdirat(fd, entry, 0755), 0);
                int next = openat(fd, entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                close(fd);
                fd = next;
        }
        int file = openat(fd, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(file >= 0);
        assert_int_equal(write(file, "deep", 4), 4);
        close(file);
        close(fd);
}

static void test_deep_tree(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct rlimit before, few;
        struct tree_total total, copied;
        make_deep(&scratch, "deep");
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
        few = before;
        few.rlim_cur = 32;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        assert_ok(tree_total(scratch.fd, "deep", &total, &err));
        assert_ok(tree_copy(scratch.fd, "deep", scratch.fd, "copy", NULL, &err));
        assert_ok(tree_total(scratch.fd, "copy", &copied, &err));
        assert_ok(tree_remove(scratch.fd, "deep", &err));
        assert_ok(tree_remove(scratch.fd, "copy", &err));
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_int_equal(total.entries, DEPTH); /* DEPTH - 1 folders and the file */
        assert_int_equal(total.bytes, 4);
        assert_int_equal(copied.entries, total.entries);
        assert_int_equal(copied.bytes, 4);
        assert_int_equal(count_entries(&scratch, "."), 0);
}

static void test_tree_remove(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        assert_int_equal(mkfifoat(root.fd, "a/fifo", 0600), 0);
        for (int i = 0; i < 300; i++) {
                _cleanup_free_ char *name = string_format("a/b/" ODD_NAME "%d", i);
                _cleanup_free_ char *folder = string_format("a/b/f%d", i);
                _cleanup_free_ char *inner = string_format("a/b/f%d/x", i);
                scratch_write(&root, name, "", 0);
                make_folder(&root, folder);
                scratch_write(&root, inner, "", 0);
        }
        assert_result(tree_remove(root.fd, "missing", &err), 1);
        assert_result(tree_remove(root.fd, "missing/x", &err), 1);
        assert_ok(tree_remove(root.fd, "inside", &err)); /* a link: it alone */
        assert_true(scratch_has(&root, "a/b/file"));
        assert_ok(tree_remove(root.fd, "out", &err));
        assert_ok(tree_remove(root.fd, ODD_NAME, &err));
        assert_ok(tree_remove(root.fd, "a", &err)); /* holds a link to the outside */
        assert_false(scratch_has(&root, "a"));
        assert_content(&scratch, "outside/secret", "secret");
        assert_fails(tree_remove(root.fd, ".", &err), REASON_UNSAFE_PATH);
        assert_fails(tree_remove(root.fd, "..", &err), REASON_UNSAFE_PATH);
        assert_fails(tree_remove(root.fd, "../outside", &err), REASON_UNSAFE_PATH);
        assert_true(scratch_has(&scratch, "outside/secret"));
}

struct removal {
        struct cancel cancel;
        unsigned told, stop_at;
        uint64_t blocks;
};

static void count_removed(uint64_t blocks, void *userdata)
{
        struct removal *removal = userdata;
        removal->blocks += blocks;
        if (++removal->told == removal->stop_at)
                cancel_request(&removal->cancel, CANCEL_BY_USER);
}

static void test_tree_remove_is_watched(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct removal removal = {.stop_at = 11};
        const struct tree_watch watch = {count_removed, &removal, &removal.cancel};
        struct tree_total total, left;
        assert_ok(cancel_init(&removal.cancel, &err));
        make_folder(&scratch, "tree");
        for (int i = 0; i < 30; i++) {
                _cleanup_free_ char *folder = string_format("tree/%d", i);
                _cleanup_free_ char *file = string_format("tree/%d/file", i);
                make_folder(&scratch, folder);
                scratch_write(&scratch, file, "some bytes", 10);
        }
        assert_ok(tree_total(scratch.fd, "tree", &total, &err));
        assert_fails(tree_remove_watched(scratch.fd, "tree", &watch, &err), REASON_CANCELLED);
        assert_int_equal(removal.told, 11);
        assert_ok(tree_total(scratch.fd, "tree", &left, &err));
        assert_int_equal(left.entries, total.entries - 11);
        cancel_reset(&removal.cancel);
        assert_ok(tree_remove_watched(scratch.fd, "tree", &watch, &err));
        assert_false(scratch_has(&scratch, "tree"));
        assert_int_equal(removal.told, total.entries + 1); /* the folder itself */
        assert_true(removal.blocks >= 30 * 512);
        assert_result(tree_remove_watched(scratch.fd, "tree", &watch, &err), 1);
        assert_int_equal(removal.told, total.entries + 1);
        cancel_deinit(&removal.cancel);
}

static int remove_without_rights(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        static const mode_t modes[] = {0500, 0400, 0300, 0000, 0700};
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
                if (mkdirat(scratch->fd, "tree", 0700) < 0 || mkdirat(scratch->fd, "tree/sub", 0700) < 0 ||
                        mkdirat(scratch->fd, "tree/sub/sub", 0700) < 0 ||
                        mknodat(scratch->fd, "tree/sub/file", S_IFREG | 0400, 0) < 0 ||
                        fchmodat(scratch->fd, "tree/sub", modes[i], 0) < 0 ||
                        fchmodat(scratch->fd, "tree", modes[i], 0) < 0)
                        return 100;
                if (tree_remove(scratch->fd, "tree", &err) != 0) {
                        fprintf(stderr, "%o: %s\n", modes[i], error_message(&err));
                        return (int)i + 1;
                }
        }
        return 0;
}

static int remove_below_foreign_folder(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        return tree_remove(scratch->fd, "tree", &err) == -1 && err.reason == REASON_PERMISSION_DENIED &&
                               strstr(error_message(&err), "tree/foreign/file")
                       ? 0
                       : 1;
}

static void test_tree_remove_and_rights(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make(), second = scratch_make();
        assert_int_equal(scratch_as_user(&scratch, remove_without_rights), 0);
        if (geteuid() != 0)
                return;
        make_folder(&second, "tree");
        make_folder(&second, "tree/foreign");
        scratch_write(&second, "tree/foreign/file", "x", 1);
        assert_int_equal(fchownat(second.fd, "tree", 65534, 65534, 0), 0);
        assert_int_equal(scratch_as_user(&second, remove_below_foreign_folder), 0);
        assert_true(scratch_has(&second, "tree/foreign/file"));
}

/* A mount of another device, and one of the same. */
static void test_mounts_stop_trees(void **state)
{
        for (int bind = 0; bind < 2; bind++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_scratch_ struct scratch outer = scratch_make();
                if (!scratch_mount(&outer, "size=1m")) {
                        scratch_remove(&outer);
                        skip();
                }
                struct tree_total total;
                make_folder(&outer, "kept");
                scratch_write(&outer, "kept/file", "kept", 4);
                make_folder(&outer, "tree");
                make_folder(&outer, "tree/mount");
                _cleanup_free_ char *source = string_format("%s/kept", outer.path);
                _cleanup_free_ char *target = string_format("%s/tree/mount", outer.path);
                if (bind)
                        assert_int_equal(mount(source, target, "none", MS_BIND, NULL), 0);
                else
                        assert_int_equal(mount("tmpfs", target, "tmpfs", 0, "size=64k"), 0);
                scratch_write(&outer, "tree/mount/inner", "x", 1);
                assert_fails(tree_remove(outer.fd, "tree", &err), REASON_UNSAFE_PATH);
                assert_non_null(strstr(err.message, "tree/mount"));
                assert_fails(tree_remove(outer.fd, "tree/mount", &err), REASON_UNSAFE_PATH);
                assert_fails(tree_copy(outer.fd, "tree", outer.fd, "copy", NULL, &err), REASON_UNSAFE_PATH);
                assert_ok(tree_total(outer.fd, "tree", &total, &err));
                assert_int_equal(total.entries, 1); /* the mount's folder, nothing in it */
                assert_true(scratch_has(&outer, "tree/mount/inner"));
                assert_true(scratch_has(&outer, "kept/file"));
                assert_false(scratch_has(&outer, "copy"));
                assert_int_equal(umount2(target, MNT_DETACH), 0);
                assert_ok(tree_remove(outer.fd, "tree", &err));
        }
}

static void test_tree_total(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        struct tree_total total = {0};
        assert_result(tree_total(root.fd, "missing", &total, &err), 1);
        assert_ok(tree_total(root.fd, "a", &total, &err));
        assert_int_equal(total.entries, 4); /* b, b/file, back, out */
        assert_int_equal(total.bytes, 7);
        assert_ok(tree_total(root.fd, "a/b/file", &total, &err));
        assert_int_equal(total.entries, 1);
        assert_int_equal(total.bytes, 7);
        assert_ok(tree_total(root.fd, "out", &total, &err));
        assert_int_equal(total.entries, 1);
        assert_int_equal(total.bytes, 0);
        assert_ok(tree_total(root.fd, ".", &total, &err));
        assert_int_equal(total.entries, 13);
        assert_int_equal(total.bytes, 10);
}

static void set_times(const struct scratch *scratch, const char *name, time_t seconds)
{
        const struct timespec times[2] = {{seconds, 1000}, {seconds, 1000}};
        assert_int_equal(utimensat(scratch->fd, name, times, AT_SYMLINK_NOFOLLOW), 0);
}

static void test_tree_copy(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        make_folder(&root, "copies");
        static const char *const names[] = {("a/" ODD_NAME), "a/b/file", "a/out", "a/b", "a"};
        static const char *const copies[] = {
                ("copies/c/" ODD_NAME), "copies/c/b/file", "copies/c/out", "copies/c/b", "copies/c"};
        scratch_write(&root, names[0], "odd", 3);
        assert_int_equal(fchmodat(root.fd, "a/b", 02750, 0), 0);
        assert_int_equal(fchmodat(root.fd, "a/b/file", 0604, 0), 0);
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                set_times(&root, names[i], 1000000000 + (time_t)i);
        assert_int_equal(fchmodat(root.fd, "a", 0555, 0), 0);
        scratch_write(&root, "copies/.c.mautic-upgraded", "what a kill left", 16);
        assert_ok(tree_copy(root.fd, "a", root.fd, "copies/c", NULL, &err));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                struct stat one, two;
                assert_int_equal(fstatat(root.fd, names[i], &one, AT_SYMLINK_NOFOLLOW), 0);
                assert_int_equal(fstatat(root.fd, copies[i], &two, AT_SYMLINK_NOFOLLOW), 0);
                assert_int_equal(one.st_mode, two.st_mode);
                assert_int_equal(one.st_uid, two.st_uid);
                assert_int_equal(one.st_mtim.tv_sec, two.st_mtim.tv_sec);
                assert_int_equal(one.st_mtim.tv_nsec, two.st_mtim.tv_nsec);
                assert_int_not_equal(one.st_ino, two.st_ino);
        }
        assert_content(&root, "copies/c/b/file", "content");
        char target[64] = "";
        assert_int_equal(readlinkat(root.fd, "copies/c/out", target, sizeof(target)), 13);
        assert_string_equal(target, "../../outside");
        assert_int_equal(count_entries(&root, "copies"), 1);
        /* what exists is not touched, and neither is a target's link followed */
        assert_fails(tree_copy(root.fd, "a", root.fd, "copies/c", NULL, &err), REASON_ALREADY_EXISTS);
        assert_fails(tree_copy(root.fd, "a", root.fd, "dangling", NULL, &err), REASON_ALREADY_EXISTS);
        assert_fails(tree_copy(root.fd, "a", root.fd, "out/x", NULL, &err), REASON_UNSAFE_PATH);
        assert_fails(tree_copy(root.fd, "missing", root.fd, "x", NULL, &err), REASON_NOT_FOUND);
        assert_fails(tree_copy(root.fd, "a/out/secret", root.fd, "x", NULL, &err), REASON_UNSAFE_PATH);
        /* a file and a link by themselves */
        assert_ok(tree_copy(root.fd, "a/b/file", root.fd, "file", NULL, &err));
        assert_content(&root, "file", "content");
        assert_ok(tree_copy(root.fd, "out", root.fd, "out2", NULL, &err));
        assert_ok(file_remove(root.fd, "out2", &err));
        assert_int_equal(mkfifoat(root.fd, "copies/fifo", 0600), 0);
        assert_fails(tree_copy(root.fd, "copies", root.fd, "x", NULL, &err), REASON_INVALID_ARGUMENT);
        assert_non_null(strstr(err.message, "fifo"));
        assert_false(scratch_has(&root, "x"));
}

static void test_copy_is_cancelled(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch root = {.fd = -1};
        _cleanup_scratch_ struct scratch scratch = make_site(&root);
        struct cancel cancel;
        assert_ok(cancel_init(&cancel, &err));
        cancel_request(&cancel, CANCEL_BY_STOP);
        assert_fails(tree_copy(root.fd, "a", root.fd, "copy", &cancel, &err), REASON_STOPPING);
        assert_fails(tree_copy(root.fd, "a/b/file", root.fd, "copy", &cancel, &err), REASON_STOPPING);
        assert_false(scratch_has(&root, "copy"));
        assert_false(scratch_has(&root, ".copy.mautic-upgraded"));
        cancel_reset(&cancel);
        assert_ok(tree_copy(root.fd, "a", root.fd, "copy", &cancel, &err));
        cancel_deinit(&cancel);
}

static int copy_as_user(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        struct stat status;
        if (tree_copy(scratch->fd, "root's", scratch->fd, "mine", NULL, &err) != 0 ||
                fstatat(scratch->fd, "mine", &status, 0) < 0)
                return 1;
        return (status.st_mode & 07777) == 0755 && status.st_uid == geteuid() ? 0 : 2;
}

/* A copy of a file of root's must not run as the one who copied it. */
static void test_copy_drops_foreign_set_user_id(void **state)
{
        if (geteuid() != 0)
                skip();
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        scratch_write(&scratch, "root's", "x", 1);
        assert_int_equal(fchmodat(scratch.fd, "root's", 06755, 0), 0);
        assert_int_equal(scratch_as_user(&scratch, copy_as_user), 0);
}

static void test_copy_keeps_holes(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct stat status;
        _cleanup_close_ int fd = openat(scratch.fd, "sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(pwrite(fd, "begin", 5, 0), 5);
        assert_int_equal(pwrite(fd, "middle", 6, 64 * 1024 * 1024), 6);
        assert_int_equal(ftruncate(fd, 128 * 1024 * 1024), 0);
        assert_ok(tree_copy(scratch.fd, "sparse", scratch.fd, "copy", NULL, &err));
        assert_int_equal(fstatat(scratch.fd, "copy", &status, 0), 0);
        assert_int_equal(status.st_size, 128 * 1024 * 1024);
        struct stat original;
        assert_int_equal(fstat(fd, &original), 0);
        if (original.st_blocks < 1024) /* this file system has holes */
                assert_true(status.st_blocks < 1024);
        _cleanup_close_ int copy = openat(scratch.fd, "copy", O_RDONLY | O_CLOEXEC);
        char text[7] = "";
        assert_int_equal(pread(copy, text, 6, 64 * 1024 * 1024), 6);
        assert_string_equal(text, "middle");
}

/* Lists, sums, space */

static void test_list(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_string_list_ struct string_list list = {0}, none = {0};
        static const char *const names[] = {"\x01", "A", "B", "a", "b", "\xc3\xa4", "\xff"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                scratch_write(&scratch, names[(i * 3) % ARRAY_SIZE(names)], "", 0);
        assert_ok(folder_list(scratch.fd, ".", &list, &err));
        assert_int_equal(list.count, ARRAY_SIZE(names));
        for (size_t i = 0; i < list.count; i++)
                assert_string_equal(list.items[i], names[i]);
        assert_true(string_list_has(&list, "a"));
        assert_false(string_list_has(&list, "c"));
        assert_false(string_list_has(&none, ""));
        assert_result(folder_list(scratch.fd, "missing", &none, &err), 1);
        assert_int_equal(folder_list(scratch.fd, "a", &none, &err), -1);
        make_folder(&scratch, "empty");
        assert_ok(folder_list(scratch.fd, "empty", &none, &err));
        assert_int_equal(none.count, 0);
}

static void test_string_list_grows(void **state)
{
        _cleanup_string_list_ struct string_list list = {0};
        for (int i = 0; i < 1000; i++) {
                _cleanup_free_ char *text = string_format("%d", i);
                string_list_add(&list, text);
        }
        assert_int_equal(list.count, 1000);
        for (int i = 0; i < 1000; i++)
                assert_int_equal(atoi(list.items[i]), i);
        string_list_deinit(&list);
        assert_null(list.items);
        string_list_deinit(&list);
}

static void test_sha256(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        char hex[65] = "untouched";
        uint64_t size = 77;
        struct cancel cancel;
        assert_result(file_sha256(scratch.fd, "missing", NULL, hex, &size, &err), 1);
        assert_string_equal(hex, "untouched");
        scratch_write(&scratch, "empty", "", 0);
        assert_ok(file_sha256(scratch.fd, "empty", NULL, hex, &size, &err));
        assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_int_equal(size, 0);
        _cleanup_free_ char *million = memory_new(1000001); /* the vector of FIPS 180-2, appendix B.3 */
        memset(million, 'a', 1000000);
        scratch_write(&scratch, "million", million, 1000000);
        assert_ok(cancel_init(&cancel, &err));
        assert_ok(file_sha256(scratch.fd, "million", &cancel, hex, &size, &err));
        assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
        assert_int_equal(size, 1000000);
        cancel_request(&cancel, CANCEL_BY_USER);
        assert_fails(file_sha256(scratch.fd, "million", &cancel, hex, &size, &err), REASON_CANCELLED);
        cancel_deinit(&cancel);
        assert_fails(file_sha256(scratch.fd, ".", NULL, hex, &size, &err), REASON_INVALID_ARGUMENT);
}

static void test_free_space(void **state)
{
        _cleanup_error_ struct error err = {0};
        struct free_space space = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        assert_ok(file_system_free(scratch.fd, &space, &err));
        assert_true(space.bytes > 0);
        assert_true(space.inodes > 0);
        assert_int_equal(file_system_free(-1, &space, &err), -1);
}

static void test_matches(void **state)
{
        static const char hash[] =
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; /* abc */
        static const struct {
                const char *path;
                uint64_t size;
                bool expected;
        } cases[] = {
                {"abc", 3, true},
                {"abc", 4, false},
                {"abd", 3, false},
                {"missing", 3, false},
                {"link", 3, false},
                {"folder", 3, false},
        };
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        scratch_write(&scratch, "abc", "abc", 3);
        scratch_write(&scratch, "abd", "abd", 3);
        make_link(&scratch, "abc", "link");
        make_folder(&scratch, "folder");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                bool matches = !cases[i].expected;
                assert_ok(file_matches(scratch.fd, cases[i].path, cases[i].size, hash, NULL, &matches, &err));
                assert_int_equal(matches, cases[i].expected);
        }
}

static void test_what_a_killed_write_leaves(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        make_folder(&scratch, "a");
        scratch_write(&scratch, "a/file", "whole", 5);
        scratch_write(&scratch, "a/.file.mautic-upgraded", "part", 4);
        assert_ok(file_remove_temporary(scratch.fd, "a/file", &err));
        assert_int_equal(count_entries(&scratch, "a"), 1);
        assert_content(&scratch, "a/file", "whole");
        assert_result(file_remove_temporary(scratch.fd, "a/file", &err), 1);
}

static void test_free_names(void **state)
{
        static const char *const names[] = {"name", "name-2", "name-3"};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        make_folder(&scratch, "a");
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_free_ char *name = NULL, *wanted = string_format("a/%s", names[i]);
                assert_ok(file_free_name(scratch.fd, "a/name", &name, &err));
                assert_string_equal(name, wanted);
                make_link(&scratch, "nowhere", name);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_a_killed_write_leaves),
                cmocka_unit_test(test_free_names),
                cmocka_unit_test(test_matches),
                cmocka_unit_test(test_paths),
                cmocka_unit_test(test_paths_without_openat2),
                cmocka_unit_test(test_open_creates),
                cmocka_unit_test(test_stat),
                cmocka_unit_test(test_read),
                cmocka_unit_test(test_write_atomic),
                cmocka_unit_test(test_write_all),
                cmocka_unit_test(test_sync),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_folder_make),
                cmocka_unit_test(test_rename),
                cmocka_unit_test(test_rename_without_the_flag),
                cmocka_unit_test(test_broken_off_rename_without_the_flag),
                cmocka_unit_test(test_rename_of_what_has_both_names),
                cmocka_unit_test(test_rename_across_file_systems),
                cmocka_unit_test(test_remove),
                cmocka_unit_test(test_deep_tree),
                cmocka_unit_test(test_tree_remove),
                cmocka_unit_test(test_tree_remove_is_watched),
                cmocka_unit_test(test_tree_remove_and_rights),
                cmocka_unit_test(test_mounts_stop_trees),
                cmocka_unit_test(test_tree_total),
                cmocka_unit_test(test_tree_copy),
                cmocka_unit_test(test_copy_is_cancelled),
                cmocka_unit_test(test_copy_drops_foreign_set_user_id),
                cmocka_unit_test(test_copy_keeps_holes),
                cmocka_unit_test(test_list),
                cmocka_unit_test(test_string_list_grows),
                cmocka_unit_test(test_sha256),
                cmocka_unit_test(test_free_space),
        };
        return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
