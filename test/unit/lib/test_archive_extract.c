/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Data of every kind and what may be wrong with them, and many files on several threads. */

#include "test/unit/lib/archive_fixture.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <zip.h>

#define SMALL 5000
#define LARGE (3 << 20) /* more than what is unpacked in one go */
#define MANY 600
#define FOLDERS 40
#define LENGTH 700

/* Text that shrinks, but not much. */
static char *make_text(size_t size, unsigned random)
{
        char *text = memory_new(size + 1);
        for (size_t i = 0; i < size; i++) {
                random = random * 1103515245 + 12345;
                text[i] = (char)('a' + (random >> 16) % 20);
        }
        return text;
}

static void assert_holds(struct fixture *fixture, const char *path, const char *expected, size_t size)
{
        _cleanup_free_ char *data = NULL;
        size_t length = 0;
        _cleanup_error_ struct error err = {0};
        int result = file_read(fixture->fd, path, 16 << 20, &data, &length, &err);
        if (result != 0)
                fail_msg("%s: %s", path, result > 0 ? "missing" : error_message(&err));
        assert_int_equal(length, size);
        assert_memory_equal(data, expected, size);
}

/* Data of every kind */

static void add_file(zip_t *zip, const char *name, const char *data, size_t size, int method)
{
        zip_int64_t index = zip_file_add(zip, name, zip_source_buffer(zip, data, size, 0), ZIP_FL_ENC_UTF_8);
        assert_true(index >= 0);
        assert_int_equal(zip_set_file_compression(zip, (zip_uint64_t)index, method, 1), 0);
}

static void test_every_size_by_every_method(void **state)
{
        static const size_t sizes[] = {0, 1, SMALL, (512 << 10) - 1, 512 << 10, (512 << 10) + 1, LARGE};
        static const int methods[] = {ZIP_CM_STORE, ZIP_CM_DEFLATE, ZIP_CM_BZIP2};
        struct fixture *fixture = *state;
        _cleanup_free_ char *text = make_text(LARGE, 1), *path = string_format("%s/a.zip", fixture->path);
        zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);
        assert_non_null(zip);
        size_t method_count = zip_compression_method_supported(ZIP_CM_BZIP2, 1) ? 3 : 2;
        for (size_t i = 0; i < method_count * ARRAY_SIZE(sizes); i++) {
                _cleanup_free_ char *name = string_format("file-%zu", i);
                add_file(zip, name, text, sizes[i / method_count], methods[i % method_count]);
        }
        assert_int_equal(zip_close(zip), 0);
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        OK(archive_verify(archive, NULL, &err));
        for (unsigned kept = 0; kept < 2; kept++) {
                struct archive_extract_result result = extract(fixture);
                assert_int_equal(result.kept, kept ? method_count * ARRAY_SIZE(sizes) : 0);
                for (size_t i = 0; i < method_count * ARRAY_SIZE(sizes); i++) {
                        _cleanup_free_ char *name = string_format("out/file-%zu", i), *data = NULL;
                        size_t size = 0;
                        assert_holds(fixture, name, text, sizes[i / method_count]);
                        OK(archive_read(archive, name + 4, LARGE, &data, &size, &err));
                        assert_int_equal(size, sizes[i / method_count]);
                        assert_memory_equal(data, text, size);
                }
        }
}

/* What is wrong with data */

static void deflate_text(const char *text, size_t size, struct buffer *ret)
{
        z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)size};
        assert_int_equal(
                deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY), Z_OK);
        _cleanup_free_ char *packed = memory_new(deflateBound(&stream, size));
        stream.next_out = (Bytef *)packed;
        stream.avail_out = (uInt)deflateBound(&stream, size);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        buffer_append(ret, packed, stream.total_out);
        assert_int_equal(deflateEnd(&stream), Z_OK);
}

enum harm {
        HARM_NONE,
        HARM_CRC,
        HARM_MORE_THAN_TOLD,
        HARM_LESS_THAN_TOLD,
        HARM_CUT,
        HARM_GARBAGE,
        HARM_BEHIND, /* bytes behind the end of what is deflated, which do no harm */
};

static void build_harmed(struct fixture *fixture, size_t size, unsigned method, enum harm harm)
{
        _cleanup_free_ char *text = make_text(size, 2);
        _cleanup_buffer_ struct buffer packed = {0};
        if (method == ZIP_CM_DEFLATE)
                deflate_text(text, size, &packed);
        else
                buffer_append(&packed, text, size);
        struct zip_item items[] = {{"folder/first", "fine"}, {"folder/second", text}, {"third", "fine"}};
        items[1].method = method;
        items[1].claimed_size = (unsigned)size;
        if (harm == HARM_CRC)
                items[1].wrong_crc = 1;
        if (harm == HARM_MORE_THAN_TOLD)
                items[1].claimed_size--;
        if (harm == HARM_LESS_THAN_TOLD)
                items[1].claimed_size++;
        if (harm == HARM_CUT)
                packed.size -= packed.size / 3;
        if (harm == HARM_GARBAGE)
                memset(packed.data + packed.size / 2, 0xff, packed.size / 4);
        if (harm == HARM_BEHIND)
                buffer_append(&packed, "behind", 6);
        items[1].packed = packed.data;
        items[1].packed_size = packed.size;
        build(fixture, items, ARRAY_SIZE(items));
}

static void assert_second_is_damaged(struct fixture *fixture, const char *words)
{
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        struct archive_extract_result result;
        _cleanup_error_ struct error err = {0}, unverified = {0}, unread = {0};
        char *data = NULL;
        size_t size = 0;
        assert_int_equal(extract_into(fixture, "out", archive, &result, &err), -1);
        assert_int_equal(archive_verify(archive, NULL, &unverified), -1);
        assert_int_equal(archive_read(archive, "folder/second", 16 << 20, &data, &size, &unread), -1);
        const struct error *errors[] = {&err, &unverified, &unread};
        for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
                assert_int_equal(errors[i]->reason, REASON_PACKAGE_DAMAGED);
                if (!strstr(error_message(errors[i]), "folder/second") ||
                        !strstr(error_message(errors[i]), words))
                        fail_msg("instead of \"%s\": %s", words, error_message(errors[i]));
        }
        assert_holds(fixture, "out/folder/first", "fine", 4);
        assert_false(is_there(fixture, "out/folder/second"));
}

static void test_harmed_data(void **state)
{
        static const struct {
                enum harm harm;
                const char *deflated, *stored; /* NULL: it is taken, or is no case */
        } cases[] = {
                {HARM_CRC, "CRC", "CRC"},
                {HARM_MORE_THAN_TOLD, "not the size", "not the size"},
                {HARM_LESS_THAN_TOLD, "not the size", "not the size"},
                {HARM_CUT, "is damaged", "not the size"},
                {HARM_GARBAGE, "is damaged", "CRC"},
                {HARM_BEHIND, NULL, "not the size"},
        };
        static const size_t sizes[] = {SMALL, LARGE};
        struct fixture *fixture = *state;
        for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
                build_harmed(fixture, sizes[i % 2], ZIP_CM_STORE, cases[i / 2].harm);
                assert_second_is_damaged(fixture, cases[i / 2].stored);
                build_harmed(fixture, sizes[i % 2], ZIP_CM_DEFLATE, cases[i / 2].harm);
                if (cases[i / 2].deflated)
                        assert_second_is_damaged(fixture, cases[i / 2].deflated);
        }
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                _cleanup_free_ char *text = make_text(sizes[i], 2);
                build_harmed(fixture, sizes[i], ZIP_CM_DEFLATE, i ? HARM_BEHIND : HARM_NONE);
                extract(fixture);
                assert_holds(fixture, "out/folder/second", text, sizes[i]);
        }
}

/* A package that is cut short after it was opened is an error, and no signal. */
static void test_package_is_cut_meanwhile(void **state)
{
        struct fixture *fixture = *state;
        for (int i = 0; i < 4; i++) {
                build_harmed(
                        fixture, i % 2 ? LARGE : SMALL, i / 2 ? ZIP_CM_DEFLATE : ZIP_CM_STORE, HARM_NONE);
                _cleanup_(archive_closep) struct archive *archive = opened(fixture);
                _cleanup_close_ int fd = openat(fixture->fd, "a.zip", O_WRONLY | O_CLOEXEC);
                assert_int_equal(ftruncate(fd, i % 2 ? LARGE / 3 : SMALL / 2), 0);
                struct archive_extract_result result;
                _cleanup_error_ struct error err = {0};
                assert_int_equal(extract_into(fixture, "out", archive, &result, &err), -1);
                assert_int_equal(err.reason, REASON_PACKAGE_DAMAGED);
                assert_non_null(strstr(error_message(&err), "folder/second"));
                assert_holds(fixture, "out/folder/first", "fine", 4);
                assert_false(is_there(fixture, "out/folder/second"));
        }
}

/* Many files */

struct many {
        char *names[MANY], *texts[MANY];
};

static void many_deinit(struct many *many)
{
        for (size_t i = 0; i < MANY; i++) {
                free(many->names[i]);
                free(many->texts[i]);
        }
}

static void build_many(struct fixture *fixture, struct many *ret, const size_t *wrong, size_t wrong_count)
{
        struct zip_item items[MANY];
        for (size_t i = 0; i < MANY; i++) {
                ret->names[i] = string_format("out/folder-%zu/deep/file-%zu", i * FOLDERS / MANY, i);
                ret->texts[i] = make_text(i == MANY / 2 ? LARGE : LENGTH + i % 7, (unsigned)i);
                items[i] = (struct zip_item){ret->names[i] + 4, ret->texts[i]};
                for (size_t j = 0; j < wrong_count; j++)
                        items[i].wrong_crc |= wrong[j] == i;
        }
        build(fixture, items, MANY);
}

static void assert_has_file(struct fixture *fixture, const struct many *many, size_t index)
{
        assert_holds(fixture, many->names[index], many->texts[index], strlen(many->texts[index]));
}

static void assert_has_all(struct fixture *fixture, const struct many *many)
{
        for (size_t i = 0; i < MANY; i++)
                assert_has_file(fixture, many, i);
}

struct watcher {
        pthread_t caller;
        uint64_t last, total, at;
        struct cancel *cancel;
        bool kills;
};

static void watch(uint64_t done, uint64_t total, void *userdata)
{
        struct watcher *watcher = userdata;
        assert_true(pthread_equal(pthread_self(), watcher->caller));
        assert_true(done > watcher->last && done <= total);
        watcher->last = done;
        watcher->total = total;
        if (watcher->at == 0 || done < watcher->at)
                return;
        if (watcher->kills)
                (void)raise(SIGKILL);
        if (watcher->cancel)
                cancel_request(watcher->cancel, CANCEL_BY_STOP);
}

static int extract_watched(struct fixture *fixture, struct watcher *watcher,
        struct archive_extract_result *ret, struct error *err)
{
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        _cleanup_close_ int out = openat(fixture->fd, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        watcher->caller = pthread_self();
        const struct archive_extract_options options = {
                .folder_fd = out, .cancel = watcher->cancel, .on_progress = watch, .userdata = watcher};
        return archive_extract(archive, &options, ret, err);
}

static void test_many_files_and_half_of_them_again(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_(many_deinit) struct many many = {0};
        struct archive_extract_result result = {0};
        struct watcher watcher = {0};
        build_many(fixture, &many, NULL, 0);
        OK(extract_watched(fixture, &watcher, &result, &err));
        assert_int_equal(result.kept, 0);
        assert_int_equal(result.entries, MANY + 2 * FOLDERS);
        assert_int_equal(watcher.last, watcher.total);
        assert_int_equal(watcher.total, result.bytes);
        assert_has_all(fixture, &many);
        for (size_t i = 0; i < MANY; i += 2) {
                _cleanup_close_ int fd = openat(fixture->fd, many.names[i], O_WRONLY | O_CLOEXEC);
                struct stat status;
                assert_int_equal(fstat(fd, &status), 0);
                switch (i % 6) {
                case 0:
                        assert_int_equal(unlinkat(fixture->fd, many.names[i], 0), 0);
                        break;
                case 2: /* as a kill leaves it */
                        assert_int_equal(ftruncate(fd, status.st_size / 2), 0);
                        break;
                default: /* of the right size */
                        assert_int_equal(pwrite(fd, "!", 1, status.st_size / 3), 1);
                }
        }
        watcher = (struct watcher){0};
        OK(extract_watched(fixture, &watcher, &result, &err));
        assert_int_equal(result.kept, MANY / 2);
        assert_int_equal(watcher.last, watcher.total);
        assert_has_all(fixture, &many);
}

/* Whichever thread comes upon one first: the first in the archive's order is told, and what is in front of it
 * is there. */
static void test_the_first_damaged_file_is_told(void **state)
{
        static const size_t wrong[] = {311, 312, 330, 344, 500};
        struct fixture *fixture = *state;
        _cleanup_(many_deinit) struct many many = {0};
        build_many(fixture, &many, wrong, ARRAY_SIZE(wrong));
        for (int round = 0; round < 5; round++) {
                _cleanup_error_ struct error err = {0}, unverified = {0};
                _cleanup_(archive_closep) struct archive *archive = opened(fixture);
                struct archive_extract_result result;
                assert_int_equal(extract_into(fixture, "out", archive, &result, &err), -1);
                assert_int_equal(err.reason, REASON_PACKAGE_DAMAGED);
                assert_non_null(strstr(error_message(&err), "file-311 is damaged: CRC"));
                assert_int_equal(archive_verify(archive, NULL, &unverified), -1);
                assert_string_equal(error_message(&unverified), error_message(&err));
                for (size_t i = 0; i < wrong[0]; i++)
                        assert_has_file(fixture, &many, i);
                for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
                        assert_false(is_there(fixture, many.names[wrong[i]]));
        }
}

/* Stopped anywhere, whatever has its name is whole; each try keeps what was there. */
static void test_cancelled_again_and_again(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_(many_deinit) struct many many = {0};
        struct archive_extract_result result = {0};
        size_t former = 1;
        struct cancel cancel;
        OK(cancel_init(&cancel, &err));
        build_many(fixture, &many, NULL, 0);
        for (uint64_t at = 10000; at < MANY / 2 * LENGTH + LARGE; at += at < 250000 ? 120000 : LARGE / 2) {
                struct watcher watcher = {.cancel = &cancel, .at = at};
                _cleanup_error_ struct error err = {0};
                assert_int_equal(extract_watched(fixture, &watcher, &result, &err), -1);
                assert_int_equal(err.reason, REASON_STOPPING);
                cancel_reset(&cancel);
                size_t there = 0;
                for (size_t i = 0; i < MANY; i++)
                        if (is_there(fixture, many.names[i])) {
                                assert_has_file(fixture, &many, i);
                                there++;
                        }
                assert_true(there >= former); /* all, when the other thread was much quicker */
                former = there;
        }
        struct watcher watcher = {.cancel = &cancel};
        OK(extract_watched(fixture, &watcher, &result, &err));
        assert_int_equal(result.kept, former);
        assert_has_all(fixture, &many);
        cancel_deinit(&cancel);
}

static void test_killed_again_and_again(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_(many_deinit) struct many many = {0};
        build_many(fixture, &many, NULL, 0);
        for (uint64_t at = 10000; at < MANY / 2 * LENGTH + LARGE; at += at < 250000 ? 120000 : LARGE / 2) {
                pid_t pid = fork();
                assert_true(pid >= 0);
                if (pid == 0) {
                        struct watcher watcher = {.at = at, .kills = true};
                        struct archive_extract_result result;
                        struct error err = {0};
                        (void)!extract_watched(fixture, &watcher, &result, &err);
                        _exit(3);
                }
                int status;
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
        }
        struct archive_extract_result result = extract(fixture);
        assert_true(result.kept > 0);
        assert_has_all(fixture, &many);
        assert_int_equal(extract(fixture).kept, MANY);
}

static void test_full_disk(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_(many_deinit) struct many many = {0};
        build_many(fixture, &many, NULL, 0);
        _cleanup_free_ char *path = string_format("%s/out", fixture->path);
        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                mount("none", path, "tmpfs", 0, "size=1200k") < 0)
                skip();
        close(fixture->fd); /* it knows the mounts of before */
        fixture->fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        struct archive_extract_result result;
        _cleanup_error_ struct error full = {0}, resumed = {0};
        int first = extract_into(fixture, "out", archive, &result, &full);
        size_t there = 0, torn = 0;
        for (size_t i = 0; i < MANY; i++) {
                struct stat status;
                if (fstatat(fixture->fd, many.names[i], &status, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                there++;
                torn += (size_t)status.st_size != strlen(many.texts[i]);
        }
        assert_int_equal(mount("none", path, "tmpfs", MS_REMOUNT, "size=16m"), 0);
        int second = extract_into(fixture, "out", archive, &result, &resumed);
        bool all = true;
        for (size_t i = 0; i < MANY; i++)
                all = all && is_there(fixture, many.names[i]);
        (void)umount(path);
        assert_int_equal(first, -1);
        assert_int_equal(full.reason, REASON_DISK_FULL);
        assert_in_range(there, 100, MANY - 1);
        assert_int_equal(torn, 0);
        if (second < 0)
                fail_msg("%s", error_message(&resumed));
        assert_int_equal(result.kept, there);
        assert_true(all);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                TEST(test_every_size_by_every_method),
                TEST(test_harmed_data),
                TEST(test_package_is_cut_meanwhile),
                TEST(test_many_files_and_half_of_them_again),
                TEST(test_the_first_damaged_file_is_told),
                TEST(test_cancelled_again_and_again),
                TEST(test_killed_again_and_again),
                TEST(test_full_disk),
        };
        return cmocka_run_group_tests_name("archive_extract", tests, NULL, NULL);
}
