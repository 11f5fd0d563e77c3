/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/tar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../scratch.h"

#include <zlib.h>

#define BLOCK 512
#define NAME_99                                                                                              \
        "a23456789/b23456789/c23456789/d23456789/e23456789/f23456789/g23456789/h23456789/i23456789/"         \
        "j23456789"

/* The archive without its compression; owned by the caller. */
static char *unpack(const struct scratch *scratch, size_t *ret_size)
{
        struct buffer archive = {0};
        char piece[65536];
        int length;
        _cleanup_close_ int fd = openat(scratch->fd, "archive", O_RDONLY | O_CLOEXEC);
        gzFile file = gzdopen(dup(fd), "rb");
        assert_non_null(file);
        while ((length = gzread(file, piece, sizeof(piece))) > 0)
                buffer_append(&archive, piece, (size_t)length);
        assert_int_equal(length, 0);
        assert_int_equal(gzclose(file), Z_OK); /* its checksum, too */
        *ret_size = archive.size;
        return buffer_steal(&archive);
}

static unsigned long number_at(const char *field)
{
        return strtoul(field, NULL, 8);
}

/* POSIX: the sum of a header's bytes with blanks in the place of the sum. */
static void assert_header(const char *header, const char *name, size_t size)
{
        unsigned long sum = 8 * ' ';
        for (size_t i = 0; i < BLOCK; i++)
                sum += i >= 148 && i < 156 ? 0 : (unsigned char)header[i];
        assert_int_equal(number_at(header + 148), sum);
        assert_string_equal(header, name);
        assert_int_equal(number_at(header + 100), 0600);
        assert_int_equal(number_at(header + 124), size);
        assert_int_equal(header[156], '0');
        assert_memory_equal(header + 257, "ustar\00000", 8);
}

static struct tar_writer *begin(const struct scratch *scratch, const char *name)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int fd = openat(scratch->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct tar_writer *writer = NULL;
        assert_true(fd >= 0);
        assert_ok(tar_writer_new(fd, name, &writer, &err));
        return writer;
}

static void test_names_and_sizes(void **state)
{
        static const struct {
                const char *name;
                size_t size;
                int64_t time_s, told_s;
        } files[] = {
                {"empty", 0, 0, 0},
                {"one", 1, 1700000000, 1700000000},
                {"almost", BLOCK - 1, -1, 0}, /* before 1970: no such number */
                {"block", BLOCK, 077777777777, 077777777777},
                {"more", BLOCK + 1, 0100000000000, 0},
                {NAME_99, 3 * BLOCK, 5, 5},
        };
        static char data[3 * BLOCK];
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_(tar_writer_freep) struct tar_writer *writer = begin(&scratch, "archive");
        memset(data, 'd', sizeof(data));
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                assert_ok(tar_writer_add(writer, files[i].name, data, files[i].size, files[i].time_s, &err));
        assert_ok(tar_writer_finish(writer, &err));

        size_t size, at = 0;
        _cleanup_free_ char *archive = unpack(&scratch, &size);
        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                size_t padded = (files[i].size + BLOCK - 1) / BLOCK * BLOCK;
                assert_true(at + BLOCK + padded <= size);
                assert_header(archive + at, files[i].name, files[i].size);
                assert_int_equal(number_at(archive + at + 136), files[i].told_s);
                assert_memory_equal(archive + at + BLOCK, data, files[i].size);
                for (size_t j = files[i].size; j < padded; j++)
                        assert_int_equal(archive[at + BLOCK + j], 0);
                at += BLOCK + padded;
        }
        assert_int_equal(size, at + (size_t)2 * BLOCK); /* two empty blocks end it */
        for (; at < size; at++)
                assert_int_equal(archive[at], 0);
}

static void test_what_it_does_not_take(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_(tar_writer_freep) struct tar_writer *writer = begin(&scratch, "archive");
        static const struct {
                const char *name;
                size_t size;
        } cases[] = {{NAME_99 "0", 0}, {"/absolute", 0}, {"", 0}, {"huge", (size_t)0100000000000}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                assert_fails(tar_writer_add(writer, cases[i].name, "", cases[i].size, 0, &err),
                        REASON_INVALID_ARGUMENT);
        }
        _cleanup_error_ struct error err = {0};
        assert_ok(tar_writer_finish(writer, &err)); /* nothing of them stands in it */
        size_t size;
        free(unpack(&scratch, &size));
        assert_int_equal(size, (size_t)2 * BLOCK);
}

/* Whether zlib writes at once or at the end, it is told. */
static void test_a_full_disk(void **state)
{
        static char noise[1 << 20];
        static const size_t sizes[] = {1, sizeof(noise)};
        unsigned number = 1;
        for (size_t i = 0; i < sizeof(noise); i++)
                noise[i] = (char)((number = number * 1103515245 + 12345) >> 16);
        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
                _cleanup_(tar_writer_freep) struct tar_writer *writer = NULL;
                assert_true(fd >= 0);
                assert_ok(tar_writer_new(fd, "the bundle", &writer, &err));
                int r = tar_writer_add(writer, "noise", noise, sizes[i], 0, &err);
                assert_int_equal(r, sizes[i] == 1 ? 0 : -1);
                if (r == 0)
                        assert_int_equal(tar_writer_finish(writer, &err), -1);
                assert_int_equal(err.reason, REASON_DISK_FULL);
                assert_non_null(strstr(error_message(&err), "the bundle"));
        }
}

/* The caller's descriptor stays his, whatever becomes of the archive. */
static void test_left_unfinished(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_close_ int fd = openat(scratch.fd, "archive", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        struct tar_writer *writer = NULL;
        assert_ok(tar_writer_new(fd, "archive", &writer, &err));
        assert_ok(tar_writer_add(writer, "one", "1", 1, 0, &err));
        tar_writer_free(writer);
        tar_writer_free(NULL);
        assert_true(fcntl(fd, F_GETFD) >= 0);
        assert_int_equal(tar_writer_new(-1, "none", &writer, &err), -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names_and_sizes),
                cmocka_unit_test(test_what_it_does_not_take),
                cmocka_unit_test(test_a_full_disk),
                cmocka_unit_test(test_left_unfinished),
        };
        return cmocka_run_group_tests_name("tar", tests, NULL, NULL);
}
