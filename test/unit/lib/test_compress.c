/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/compress.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int memory_file(void)
{
        int fd = memfd_create("test", MFD_CLOEXEC);
        assert_true(fd >= 0);
        return fd;
}

/* Bytes that do not compress away, the same in each run. */
static char *make_noise(size_t size)
{
        char *noise = memory_new(size);
        uint32_t seed = 1;
        for (size_t i = 0; i < size; i++) {
                seed = seed * 1664525 + 1013904223;
                noise[i] = (char)(seed >> 24);
        }
        return noise;
}

static void compress_pieces(
        int fd, unsigned level, const char *data, size_t size, size_t piece, struct compress_total *ret)
{
        _cleanup_(compress_writer_freep) struct compress_writer *writer = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(compress_writer_new(fd, "the test file", level, &writer, &err), 0);
        for (size_t at = 0; at < size; at += piece)
                assert_int_equal(
                        compress_writer_write(writer, data + at, piece < size - at ? piece : size - at, &err),
                        0);
        assert_int_equal(compress_writer_bytes_in(writer), size);
        assert_int_equal(compress_writer_finish(writer, ret, &err), 0);
        assert_int_equal(compress_writer_write(writer, "x", 1, &err), -1);
}

static char *read_back(int fd, size_t piece, size_t *ret_size)
{
        _cleanup_(decompress_reader_freep) struct decompress_reader *reader = NULL;
        _cleanup_error_ struct error err = {0};
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(decompress_reader_new(fd, "the test file", &reader, &err), 0);
        struct buffer content = {0};
        _cleanup_free_ char *data = memory_new(piece);
        int result;
        for (;;) {
                size_t size = 0;
                result = decompress_reader_read(reader, data, piece, &size, &err);
                if (result != 0)
                        break;
                assert_in_range(size, 1, piece);
                buffer_append(&content, data, size);
        }
        assert_int_equal(result, 1);
        *ret_size = content.size;
        return buffer_steal(&content);
}

static void sha256_of_file(int fd, uint64_t *ret_size, char ret[65])
{
        struct stat status;
        assert_int_equal(fstat(fd, &status), 0);
        size_t size = (size_t)status.st_size;
        _cleanup_free_ char *data = memory_new(size);
        assert_int_equal(pread(fd, data, size, 0), status.st_size);
        unsigned char digest[32];
        assert_int_equal(EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL), 1);
        for (size_t i = 0; i < 32; i++)
                (void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
        *ret_size = size;
}

static void test_round_trip(void **state)
{
        static const struct {
                size_t size, write_piece, read_piece;
                unsigned level;
        } cases[] = {
                {0, 1, 16, 3},
                {1, 1, 1, 1},
                {100000, 7, 65536, 3},
                {3000000, 3000000, 1000, 19},
                {3000000, 65536, 4000000, 0},
                {300000, 4096, 13, 99},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_close_ int fd = memory_file();
                _cleanup_free_ char *noise = make_noise(cases[i].size);
                struct compress_total total = {0};
                compress_pieces(fd, cases[i].level, noise, cases[i].size, cases[i].write_piece, &total);
                uint64_t size_on_disk = 0;
                char sha256[65];
                sha256_of_file(fd, &size_on_disk, sha256);
                assert_int_equal(total.bytes_in, cases[i].size);
                assert_int_equal(total.bytes_out, size_on_disk);
                assert_string_equal(total.sha256, sha256);
                size_t size = 0;
                _cleanup_free_ char *content = read_back(fd, cases[i].read_piece, &size);
                assert_int_equal(size, cases[i].size);
                assert_memory_equal(content, noise, size);
        }
}

static void test_highly_compressible(void **state)
{
        /* More output than one decompression step gives out at once. */
        size_t size = 20000000;
        _cleanup_close_ int fd = memory_file();
        _cleanup_free_ char *zeros = memory_new(size);
        struct compress_total total = {0};
        compress_pieces(fd, 3, zeros, size, size, &total);
        assert_true(total.bytes_out < size / 100);
        size_t read_size = 0;
        _cleanup_free_ char *content = read_back(fd, 777, &read_size);
        assert_non_null(content);
        assert_int_equal(read_size, size);
}

static void test_several_frames(void **state)
{
        _cleanup_close_ int fd = memory_file();
        struct compress_total total = {0};
        compress_pieces(fd, 3, "one ", 4, 4, &total);
        compress_pieces(fd, 3, "two", 3, 3, &total);
        size_t size = 0;
        _cleanup_free_ char *content = read_back(fd, 100, &size);
        assert_string_equal(content, "one two");
}

/* Reads all; returns the last result. */
static int drain(int fd, struct error *err)
{
        _cleanup_(decompress_reader_freep) struct decompress_reader *reader = NULL;
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        assert_int_equal(decompress_reader_new(fd, "backup.zst", &reader, err), 0);
        char data[4096];
        size_t size;
        int result;
        do
                result = decompress_reader_read(reader, data, sizeof(data), &size, err);
        while (result == 0);
        if (result < 0)
                assert_int_equal(decompress_reader_read(reader, data, sizeof(data), &size, err), -1);
        return result;
}

static void test_every_cut_is_seen(void **state)
{
        _cleanup_close_ int fd = memory_file();
        _cleanup_free_ char *noise = make_noise(300);
        struct compress_total total = {0};
        compress_pieces(fd, 3, noise, 300, 300, &total);
        for (off_t size = (off_t)total.bytes_out - 1; size >= 0; size--) {
                _cleanup_error_ struct error err = {0};
                assert_int_equal(ftruncate(fd, size), 0);
                assert_int_equal(drain(fd, &err), -1);
                assert_int_equal(err.reason, REASON_BACKUP_INCOMPLETE);
                assert_non_null(strstr(err.message, "backup.zst"));
        }
}

static void test_every_flipped_bit_is_seen(void **state)
{
        _cleanup_close_ int fd = memory_file();
        _cleanup_free_ char *noise = make_noise(200);
        struct compress_total total = {0};
        compress_pieces(fd, 3, noise, 200, 200, &total);
        for (off_t at = 0; at < (off_t)total.bytes_out; at++) {
                char byte;
                assert_int_equal(pread(fd, &byte, 1, at), 1);
                char other = (char)(byte ^ 0x10);
                assert_int_equal(pwrite(fd, &other, 1, at), 1);
                _cleanup_error_ struct error err = {0};
                /* The header has bits without a meaning for the content. */
                if (at > 6)
                        assert_int_equal(drain(fd, &err), -1);
                assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        _cleanup_error_ struct error err = {0};
        assert_int_equal(drain(fd, &err), 1);
}

static void test_garbage_behind_the_frame(void **state)
{
        _cleanup_close_ int fd = memory_file();
        struct compress_total total = {0};
        compress_pieces(fd, 3, "one", 3, 3, &total);
        assert_int_equal(write(fd, "-- Dump completed\n", 18), 18);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(drain(fd, &err), -1);
        assert_int_equal(err.reason, REASON_BACKUP_INCOMPLETE);
}

static void test_full_disk(void **state)
{
        _cleanup_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        _cleanup_(compress_writer_freep) struct compress_writer *writer = NULL;
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *noise = make_noise(1000000);
        assert_int_equal(compress_writer_new(fd, "backup.part", 3, &writer, &err), 0);
        assert_int_equal(compress_writer_write(writer, noise, 1000000, &err), -1);
        assert_int_equal(err.reason, REASON_DISK_FULL);
        assert_int_equal(err.number, ENOSPC);
        assert_non_null(strstr(err.message, "backup.part"));
        /* Never a finished frame after a failed write. */
        struct compress_total total;
        assert_int_equal(compress_writer_finish(writer, &total, &err), -1);
}

static void test_full_disk_at_the_end(void **state)
{
        _cleanup_close_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
        _cleanup_(compress_writer_freep) struct compress_writer *writer = NULL;
        _cleanup_error_ struct error err = {0};
        struct compress_total total = {.bytes_in = 7};
        assert_int_equal(compress_writer_new(fd, "backup.part", 3, &writer, &err), 0);
        assert_int_equal(compress_writer_write(writer, "small", 5, &err), 0);
        assert_int_equal(compress_writer_finish(writer, &total, &err), -1);
        assert_int_equal(err.reason, REASON_DISK_FULL);
        assert_int_equal(total.bytes_in, 7);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_highly_compressible),
                cmocka_unit_test(test_several_frames),
                cmocka_unit_test(test_every_cut_is_seen),
                cmocka_unit_test(test_every_flipped_bit_is_seen),
                cmocka_unit_test(test_garbage_behind_the_frame),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_full_disk_at_the_end),
        };
        return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}
