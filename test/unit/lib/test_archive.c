/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/lib/archive_fixture.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <zip.h>

#define TIME_2020 1577880000 /* 2020-01-01 12:00:00 UTC */

static void assert_refused_with(
        struct fixture *fixture, const struct archive_limits *limits, enum reason reason, const char *part)
{
        _cleanup_error_ struct error err = {0};
        struct archive *archive = NULL;
        int result = archive_open(fixture->fd, "a.zip", limits, &archive, &err);
        if (result == 0)
                fail_msg("taken, though: %s", part);
        if (err.reason != reason || !strstr(error_message(&err), part))
                fail_msg("wanted %s \"%s\", got %s: %s", reason_name(reason), part, reason_name(err.reason),
                        error_message(&err));
        assert_null(archive);
}

static void assert_refused(struct fixture *fixture, enum reason reason, const char *part)
{
        assert_refused_with(fixture, &roomy, reason, part);
}

static void assert_content(struct fixture *fixture, const char *path, const char *expected)
{
        _cleanup_free_ char *data = NULL;
        size_t size;
        _cleanup_error_ struct error err = {0};
        int result = file_read(fixture->fd, path, 1 << 20, &data, &size, &err);
        if (result != 0)
                fail_msg("%s: %s", path, result > 0 ? "missing" : error_message(&err));
        assert_string_equal(data, expected);
}

static mode_t mode_of(struct fixture *fixture, const char *path)
{
        struct stat status = {0};
        OK(file_stat(fixture->fd, path, &status, &err));
        return status.st_mode & 07777;
}

static void test_hostile_names(void **state)
{
        static const struct {
                struct zip_item item;
                const char *part;
        } cases[] = {
                {{"/etc/passwd", "x"}, "absolute"},
                {{"../up", "x"}, "\"..\""},
                {{"a/../../up", "x"}, "\"..\""},
                {{"a/..", "x"}, "\"..\""},
                {{"a/../", NULL}, "\"..\""},
                {{"..", "x"}, "\"..\""},
                {{"./a", "x"}, "\".\""},
                {{"a/./b", "x"}, "\".\""},
                {{"a//b", "x"}, "empty part"},
                {{"a//", NULL}, "empty part"},
                {{"/", NULL}, "absolute"},
                {{"a\\b", "x"}, "backslash"},
                {{"..\\up", "x"}, "backslash"},
                {{"a\nb", "x"}, "control character"},
                {{"a\033[31mb", "x"}, "control character"},
                {{"a\x7f", "x"}, "control character"},
                {{"a\0b", "x", .name_size = 3}, "NUL"},
                {{"a/b\0", "x", .name_size = 4}, "NUL"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                BUILD(*state, {"fine", "x"}, cases[i].item);
                assert_refused(*state, REASON_PACKAGE_HOSTILE, cases[i].part);
        }
}

static void test_long_names(void **state)
{
        _cleanup_free_ char *part = memory_new(300), *path = memory_new(1200), *deep = memory_new(200);
        memset(part, 'x', 256);
        for (size_t i = 0; i < 1100; i++)
                path[i] = i % 100 == 99 ? '/' : 'y';
        path[1100] = 'z';
        for (size_t i = 0; i < 131; i++)
                deep[i] = i % 2 ? '/' : 'd';
        BUILD(*state, {part, "x"});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "too long");
        BUILD(*state, {path, "x"});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "too long");
        BUILD(*state, {deep, "x"});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "too many folders");
}

static void test_hostile_kinds(void **state)
{
        static const struct {
                struct zip_item item;
                const char *part;
        } cases[] = {
                {{"link", "/etc", .mode = S_IFLNK | 0777}, "symbolic link"},
                {{"folderlink/", "/etc", .mode = S_IFLNK | 0777}, "symbolic link"},
                {{"pipe", NULL, .mode = S_IFIFO | 0644}, "a device"},
                {{"device", NULL, .mode = S_IFCHR | 0644}, "a device"},
                {{"disk", NULL, .mode = S_IFBLK | 0644}, "a device"},
                {{"socket", NULL, .mode = S_IFSOCK | 0644}, "a device"},
                {{"folder", NULL, .mode = S_IFDIR | 0755}, "folder with the name of a file"},
                {{"file/", "x", .mode = S_IFREG | 0644}, "file with the name of a folder"},
                {{"data/", "x"}, "file with the name of a folder"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                BUILD(*state, cases[i].item);
                assert_refused(*state, REASON_PACKAGE_HOSTILE, cases[i].part);
        }
}

static void test_names_twice(void **state)
{
        BUILD(*state, {"a", "1"}, {"b", "2"}, {"a", "3"});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "\"a\" twice");
        BUILD(*state, {"a/", NULL}, {"b", "2"}, {"a/", NULL});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "\"a\" twice");
        BUILD(*state, {"a", "1"}, {"a/", NULL});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "as a file and as a folder");
        BUILD(*state, {"a", "1"}, {"a!", "2"}, {"a/b/c", "3"});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "\"a\" as a file and as a folder");
}

static void test_limits(void **state)
{
        BUILD(*state, {"a", "12345"}, {"b", "12345"});
        struct archive_limits limits = roomy;
        limits.entries = 1;
        assert_refused_with(*state, &limits, REASON_PACKAGE_HOSTILE, "holds 2 entries");
        limits = roomy;
        limits.bytes = 9;
        assert_refused_with(*state, &limits, REASON_PACKAGE_HOSTILE, "more than the 9 bytes");
        limits = roomy;
        limits.file_bytes = 4;
        assert_refused_with(*state, &limits, REASON_PACKAGE_HOSTILE, "\"a\" unpacks to 5 bytes");
        BUILD(*state, {"bomb", "x", .claimed_size = 50 << 20});
        assert_refused(*state, REASON_PACKAGE_HOSTILE, "\"bomb\" unpacks from 1 to 52428800 bytes");
}

static void test_damaged(void **state)
{
        struct fixture *fixture = *state;
        BUILD(fixture, {"a", "1", .flags = 1});
        assert_refused(fixture, REASON_PACKAGE_DAMAGED, "encrypted");
        BUILD(fixture, {"a", "1", .method = 77});
        assert_refused(fixture, REASON_PACKAGE_DAMAGED, "unknown method (77)");
        put(fixture, "a.zip", "", 0);
        assert_refused(fixture, REASON_PACKAGE_DAMAGED, "no zip archive");
        put(fixture, "a.zip", "<html>404</html>", 16);
        assert_refused(fixture, REASON_PACKAGE_DAMAGED, "no zip archive");
        OK(file_remove(fixture->fd, "a.zip", &err));
        assert_refused(fixture, REASON_PACKAGE_NOT_FOUND, "a.zip");
        assert_int_equal(mkfifoat(fixture->fd, "a.zip", 0600), 0);
        assert_refused(fixture, REASON_PACKAGE_DAMAGED, "not a regular file");
}

/* Cut anywhere, an archive is refused: never taken for a smaller one. */
/* Builds two entries, then changes one number in one or both of an entry's headers. */
static void build_with_lie(struct fixture *fixture, const char *header, unsigned at, unsigned which)
{
        _cleanup_buffer_ struct buffer zip = {0};
        zip_build((const struct zip_item[]){{"first", "11111111"}, {"second", "22222222"}}, 2, &zip);
        const char *found = zip.data;
        for (unsigned i = 0;; i++, found++) {
                found = memmem(found, zip.size - (size_t)(found - zip.data), header, 4);
                assert_non_null(found);
                if (i == which)
                        break;
        }
        zip.data[(size_t)(found - zip.data) + at]++;
        put(fixture, "a.zip", zip.data, zip.size);
}

static void test_headers_that_contradict_the_directory(void **state)
{
        static const struct {
                const char *header;
                unsigned at, which;
                enum reason reason;
                const char *part;
        } cases[] = {
                {"PK\3\4", 30, 1, REASON_PACKAGE_HOSTILE, "\"second\" has another name"},
                {"PK\3\4", 26, 0, REASON_PACKAGE_HOSTILE, "\"first\" has another name"},
                {"PK\3\4", 6, 0, REASON_PACKAGE_HOSTILE, "\"first\" has another encryption"},
                {"PK\3\4", 8, 0, REASON_PACKAGE_HOSTILE, "\"first\" has another compression"},
                {"PK\3\4", 14, 0, REASON_PACKAGE_HOSTILE, "\"first\" has another checksum"},
                {"PK\3\4", 18, 0, REASON_PACKAGE_HOSTILE, "\"first\" has another size"},
                {"PK\3\4", 22, 1, REASON_PACKAGE_HOSTILE, "\"second\" has another size"},
                {"PK\3\4", 0, 1, REASON_PACKAGE_DAMAGED, "\"second\" are not where"},
                {"PK\3\4", 28, 0, REASON_PACKAGE_HOSTILE, "\"first\" overlap"},
                {"PK\3\4", 28, 1, REASON_PACKAGE_HOSTILE, "\"second\" overlap"},
                {"PK\1\2", 42, 1, REASON_PACKAGE_DAMAGED, "\"second\" are not where"},
                {"PK\1\2", 45, 1, REASON_PACKAGE_DAMAGED, "a.zip"},
        };
        struct fixture *fixture = *state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                build_with_lie(fixture, cases[i].header, cases[i].at, cases[i].which);
                assert_refused(fixture, cases[i].reason, cases[i].part);
        }
}

/* Of two end records the last one counts for us, and another one may for libzip. */
static void test_two_directories(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_buffer_ struct buffer zip = {0}, other = {0};
        zip_build((const struct zip_item[]){{"first", "1"}}, 1, &other);
        buffer_append(&zip, other.data, other.size - 22);
        size_t offset = zip.size;
        zip_build((const struct zip_item[]){{"other", "1"}}, 1, &zip);
        char *end = zip.data + zip.size - 22; /* the second directory, seen from the file's begin */
        const char *directory = memmem(zip.data + offset, zip.size - offset, "PK\1\2", 4);
        assert_non_null(directory);
        end[16] = (char)(directory - zip.data);
        zip.data[directory - zip.data + 42] = (char)offset;
        end[20] = 22; /* the first one's end record is its comment */
        buffer_append(&zip, other.data + other.size - 22, 22);
        put(fixture, "a.zip", zip.data, zip.size);
        assert_refused(fixture, REASON_PACKAGE_DAMAGED, "a.zip");
}

static void test_cut_short(void **state)
{
        _cleanup_buffer_ struct buffer zip = {0};
        zip_build((const struct zip_item[]){{"a", "first"}, {"b/c", "second"}}, 2, &zip);
        for (size_t size = 0; size < zip.size; size++) {
                put(*state, "a.zip", zip.data, size);
                assert_refused(*state, REASON_PACKAGE_DAMAGED, "");
        }
        put(*state, "a.zip", zip.data + 10, zip.size - 10);
        assert_refused(*state, REASON_PACKAGE_DAMAGED, "");
}

/* No single changed byte may crash it or make it write outside; most make it refuse. */
static void test_each_byte_changed(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_buffer_ struct buffer zip = {0};
        zip_build((const struct zip_item[]){{"a", "first"}, {"b/c", "second", .mode = S_IFREG | 0644}}, 2,
                &zip);
        static const char changes[] = {1, 0x2f, (char)0xff};
        for (size_t i = 0; i < zip.size; i++)
                for (size_t j = 0; j < sizeof(changes); j++) {
                        _cleanup_error_ struct error err = {0};
                        _cleanup_(archive_closep) struct archive *archive = NULL;
                        zip.data[i] ^= changes[j];
                        _cleanup_close_ int fd =
                                openat(fixture->fd, "a.zip", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                        assert_int_equal(write(fd, zip.data, zip.size), zip.size);
                        zip.data[i] ^= changes[j];
                        struct archive_extract_result result;
                        if (archive_open(fixture->fd, "a.zip", &roomy, &archive, &err) == 0)
                                (void)!extract_into(fixture, "out", archive, &result, &err);
                        if (err.message && err.reason != REASON_PACKAGE_DAMAGED &&
                                err.reason != REASON_PACKAGE_HOSTILE)
                                fail_msg("byte %zu: %s %s", i, reason_name(err.reason), error_message(&err));
                }
        _cleanup_string_list_ struct string_list names = {0};
        OK(folder_list(fixture->fd, ".", &names, &err));
        assert_int_equal(names.count, 2);
}

static void test_extracts(void **state)
{
        struct fixture *fixture = *state;
        umask(077);
        BUILD(fixture, {"index.php", "<?php\n", .mode = S_IFREG | 0664},
                {"bin/console", "#!", .mode = S_IFREG | 04755}, {"bin/", NULL, .mode = S_IFDIR | 0777},
                {"locked/", NULL, .mode = S_IFDIR | 0555}, {"locked/file", "x", .mode = S_IFREG | 0444},
                {"dos.txt", "dos"}, {"deep/er/and/er", "deep"}, {"empty", NULL},
                {"odd \xc3\xa4\xff'\"$", "odd"});
        struct archive_extract_result result = extract(fixture);
        assert_int_equal(result.entries, 12);
        assert_int_equal(result.bytes, 6 + 2 + 1 + 3 + 4 + 0 + 3);
        assert_int_equal(result.kept, 0);
        assert_content(fixture, "out/index.php", "<?php\n");
        assert_content(fixture, "out/deep/er/and/er", "deep");
        assert_content(fixture, "out/empty", "");
        assert_content(fixture, "out/odd \xc3\xa4\xff'\"$", "odd");
        static const struct {
                const char *path;
                mode_t mode;
        } modes[] = {{"out/index.php", 0644}, {"out/bin/console", 0755}, {"out/bin", 0755},
                {"out/locked", 0755}, {"out/locked/file", 0644}, {"out/dos.txt", 0644}, {"out/deep", 0755},
                {"out/deep/er/and", 0755}};
        for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
                if (mode_of(fixture, modes[i].path) != modes[i].mode)
                        fail_msg("%s has mode %o", modes[i].path, mode_of(fixture, modes[i].path));
        assert_false(is_there(fixture, "out/.mautic-upgraded.part"));
}

/* What a former try, or another package, has left: right files stay, all else becomes what the archive says.
 */
static void test_extracts_over_a_former_try(void **state)
{
        struct fixture *fixture = *state;
        BUILD(fixture, {"a/right", "right"}, {"a/other-bytes", "12345"}, {"a/other-size", "12345"},
                {"a/now-folder/x", "x"}, {"now-file", "file"}, {"a/was-link", "link"},
                {"a/linked-twice", "twice"}, {"was-link-folder/inside", "inside"});
        extract(fixture);
        put(fixture, "outside", "precious", 8);
        put(fixture, "out/a/other-bytes", "12346", 5);
        put(fixture, "out/a/other-size", "1234", 4);
        put(fixture, "out/.mautic-upgraded.part", "half", 4);
        put(fixture, "out/stranger", "x", 1);
        OK(tree_remove(fixture->fd, "out/a/now-folder", &err));
        put(fixture, "out/a/now-folder", "a file", 6);
        OK(file_remove(fixture->fd, "out/now-file", &err));
        OK(folder_make(fixture->fd, "out/now-file/with/more", 0755, &err));
        OK(folder_make(fixture->fd, "out/strange/folder", 0755, &err));
        OK(folder_make(fixture->fd, "target", 0755, &err));
        put(fixture, "target/precious", "precious", 8);
        OK(file_remove(fixture->fd, "out/a/was-link", &err));
        OK(tree_remove(fixture->fd, "out/was-link-folder", &err));
        assert_int_equal(symlinkat("../../outside", fixture->fd, "out/a/was-link"), 0);
        assert_int_equal(symlinkat("../target", fixture->fd, "out/was-link-folder"), 0);
        assert_int_equal(linkat(fixture->fd, "out/a/linked-twice", fixture->fd, "hard", 0), 0);
        struct archive_extract_result result = extract(fixture);
        assert_int_equal(result.kept, 1);
        assert_content(fixture, "out/a/right", "right");
        assert_content(fixture, "out/a/other-bytes", "12345");
        assert_content(fixture, "out/a/other-size", "12345");
        assert_content(fixture, "out/a/now-folder/x", "x");
        assert_content(fixture, "out/now-file", "file");
        assert_content(fixture, "out/a/was-link", "link");
        assert_content(fixture, "out/was-link-folder/inside", "inside");
        assert_content(fixture, "outside", "precious");
        assert_content(fixture, "target/precious", "precious");
        assert_false(is_there(fixture, "target/inside"));
        assert_false(is_there(fixture, "out/stranger"));
        assert_false(is_there(fixture, "out/strange"));
        assert_false(is_there(fixture, "out/.mautic-upgraded.part"));
        assert_int_equal(extract(fixture).kept, 8);
}

static void test_kept_file_gets_its_mode(void **state)
{
        struct fixture *fixture = *state;
        BUILD(fixture, {"bin/console", "#!", .mode = S_IFREG | 0755});
        extract(fixture);
        assert_int_equal(fchmodat(fixture->fd, "out/bin/console", 0600, 0), 0);
        assert_int_equal(extract(fixture).kept, 1);
        assert_int_equal(mode_of(fixture, "out/bin/console"), 0755);
}

static void test_wrong_crc(void **state)
{
        struct fixture *fixture = *state;
        BUILD(fixture, {"a", "good"}, {"b", "bad", .wrong_crc = 1});
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        struct archive_extract_result result;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(extract_into(fixture, "out", archive, &result, &err), -1);
        assert_int_equal(err.reason, REASON_PACKAGE_DAMAGED);
        assert_non_null(strstr(error_message(&err), "b is damaged"));
        assert_content(fixture, "out/a", "good");
        assert_false(is_there(fixture, "out/b"));
        assert_false(is_there(fixture, "out/.mautic-upgraded.part"));
        assert_int_equal(archive_verify(archive, NULL, &err), -1);
        assert_int_equal(err.reason, REASON_PACKAGE_DAMAGED);
        assert_non_null(strstr(error_message(&err), "b is damaged"));
        char *data = NULL;
        size_t size;
        assert_int_equal(archive_read(archive, "b", 100, &data, &size, &err), -1);
        assert_int_equal(err.reason, REASON_PACKAGE_DAMAGED);
}

static void test_reads_one_file(void **state)
{
        BUILD(*state, {"app/release_metadata.json", "{}"}, {"app/", NULL}, {"empty", NULL});
        _cleanup_(archive_closep) struct archive *archive = opened(*state);
        _cleanup_free_ char *data = NULL, *empty = NULL;
        size_t size = 0;
        OK(archive_read(archive, "app/release_metadata.json", 2, &data, &size, &err));
        assert_int_equal(size, 2);
        assert_string_equal(data, "{}");
        OK(archive_read(archive, "empty", 0, &empty, &size, &err));
        assert_string_equal(empty, "");
        _cleanup_error_ struct error err = {0};
        char *none = NULL;
        assert_int_equal(archive_read(archive, "app", 100, &none, &size, &err), 1);
        assert_int_equal(archive_read(archive, "app/missing", 100, &none, &size, &err), 1);
        assert_int_equal(archive_read(archive, "app/release_metadata.json", 1, &none, &size, &err), -1);
        assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
}

/* An archive that libzip has made: compressed, with an exact time. */
static void build_compressed(struct fixture *fixture, size_t size)
{
        _cleanup_free_ char *path = string_format("%s/a.zip", fixture->path), *data = memory_new(size);
        unsigned random = 1;
        for (size_t i = 0; i < size; i++) {
                random = random * 1103515245 + 12345;
                data[i] = (char)('a' + (random >> 16) % 7);
        }
        zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
        assert_non_null(zip);
        for (int i = 0; i < 4; i++) {
                _cleanup_free_ char *name = string_format("folder/file-%d", i);
                zip_int64_t index =
                        zip_file_add(zip, name, zip_source_buffer(zip, data, size, 0), ZIP_FL_ENC_UTF_8);
                assert_true(index >= 0);
                assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 1), 0);
                static const zip_uint8_t stamp[] = {1, TIME_2020 & 0xff, (TIME_2020 >> 8) & 0xff,
                        (TIME_2020 >> 16) & 0xff, (TIME_2020 >> 24) & 0xff};
                assert_int_equal(
                        zip_file_extra_field_set(zip, (zip_uint64_t)index, 0x5455, ZIP_EXTRA_FIELD_NEW, stamp,
                                sizeof(stamp), ZIP_FL_CENTRAL | ZIP_FL_LOCAL),
                        0);
        }
        assert_int_equal(zip_close(zip), 0);
}

static void test_compressed_archive_and_times(void **state)
{
        struct fixture *fixture = *state;
        build_compressed(fixture, 2 << 20);
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        OK(archive_verify(archive, NULL, &err));
        struct archive_extract_result result = extract(fixture);
        assert_int_equal(result.entries, 5);
        assert_int_equal(result.bytes, 4 * (2 << 20));
        struct stat status;
        OK(file_stat(fixture->fd, "out/folder/file-3", &status, &err));
        assert_int_equal(status.st_mtime, TIME_2020);
        assert_int_equal(extract(fixture).kept, 4);
}

struct watcher {
        struct cancel *cancel;
        uint64_t cancel_at, last, total;
};

static void watch(uint64_t done, uint64_t total, void *userdata)
{
        struct watcher *watcher = userdata;
        assert_true(done >= watcher->last && done <= total);
        watcher->last = done;
        watcher->total = total;
        if (watcher->cancel && done >= watcher->cancel_at)
                cancel_request(watcher->cancel, CANCEL_BY_USER);
}

static void test_progress_and_cancel(void **state)
{
        struct fixture *fixture = *state;
        build_compressed(fixture, 1 << 20);
        _cleanup_error_ struct error stopped = {0};
        struct cancel cancel;
        OK(cancel_init(&cancel, &err));
        struct watcher watcher = {.cancel = &cancel, .cancel_at = 5 << 19};
        _cleanup_close_ int out = openat(fixture->fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct archive_extract_options options = {
                .folder_fd = out, .cancel = &cancel, .on_progress = watch, .userdata = &watcher};
        struct archive_extract_result result = {0};
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        assert_int_equal(archive_extract(archive, &options, &result, &stopped), -1);
        assert_int_equal(stopped.reason, REASON_CANCELLED);
        assert_in_range(watcher.last, 5 << 19, 3 << 20);
        cancel_reset(&cancel);
        watcher = (struct watcher){0};
        OK(archive_extract(archive, &options, &result, &err));
        assert_int_equal(watcher.last, 4 << 20);
        assert_int_equal(watcher.total, 4 << 20);
        assert_int_equal(result.kept, 2);
        cancel_deinit(&cancel);
}

static void kill_at(uint64_t done, uint64_t total, void *userdata)
{
        if (done >= *(uint64_t *)userdata)
                (void)raise(SIGKILL);
}

/* Killed again and again, each time a little later, it ends with the same files. */
static void test_killed_in_the_middle(void **state)
{
        struct fixture *fixture = *state;
        build_compressed(fixture, 1 << 20);
        for (uint64_t at = 1; at < 4 << 20; at += 700000) {
                pid_t pid = fork();
                assert_true(pid >= 0);
                if (pid == 0) {
                        struct error err = {0};
                        int out = openat(fixture->fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                        struct archive *archive = NULL;
                        struct archive_extract_result result;
                        if (archive_open(fixture->fd, "a.zip", &roomy, &archive, &err) < 0)
                                _exit(2);
                        (void)!archive_extract(archive,
                                &(struct archive_extract_options){
                                        .folder_fd = out, .on_progress = kill_at, .userdata = &at},
                                &result, &err);
                        _exit(3);
                }
                int status;
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
        }
        struct archive_extract_result result = extract(fixture);
        assert_int_equal(result.kept, 3);
        _cleanup_string_list_ struct string_list names = {0};
        OK(folder_list(fixture->fd, "out", &names, &err));
        assert_int_equal(names.count, 1);
        assert_int_equal(extract(fixture).kept, 4);
}

static void test_full_disk(void **state)
{
        struct fixture *fixture = *state;
        build_compressed(fixture, 1 << 20);
        _cleanup_free_ char *path = string_format("%s/out", fixture->path);
        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                mount("none", path, "tmpfs", 0, "size=2560k") < 0)
                skip();
        close(fixture->fd); /* it knows the mounts of before */
        fixture->fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        struct archive_extract_result result;
        _cleanup_error_ struct error err = {0};
        int extracted = extract_into(fixture, "out", archive, &result, &err);
        bool part = is_there(fixture, "out/.mautic-upgraded.part");
        int kept = is_there(fixture, "out/folder/file-0") + is_there(fixture, "out/folder/file-1");
        assert_int_equal(mount("none", path, "tmpfs", MS_REMOUNT, "size=8m"), 0);
        _cleanup_error_ struct error again = {0};
        int resumed = extract_into(fixture, "out", archive, &result, &again);
        (void)umount(path);
        assert_int_equal(extracted, -1);
        assert_int_equal(err.reason, REASON_DISK_FULL);
        assert_non_null(strstr(error_message(&err), "folder/file-2"));
        assert_false(part);
        assert_int_equal(kept, 2);
        assert_int_equal(resumed, 0);
        assert_int_equal(result.kept, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_hostile_names),
                TEST(test_long_names),
                TEST(test_hostile_kinds),
                TEST(test_names_twice),
                TEST(test_limits),
                TEST(test_damaged),
                TEST(test_headers_that_contradict_the_directory),
                TEST(test_two_directories),
                TEST(test_cut_short),
                TEST(test_each_byte_changed),
                TEST(test_extracts),
                TEST(test_extracts_over_a_former_try),
                TEST(test_kept_file_gets_its_mode),
                TEST(test_wrong_crc),
                TEST(test_reads_one_file),
                TEST(test_compressed_archive_and_times),
                TEST(test_progress_and_cancel),
                TEST(test_killed_in_the_middle),
                TEST(test_full_disk),
        };
        return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
