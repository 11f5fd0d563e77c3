/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/dump_file.h"

#include "lib/compress.h"
#include "lib/memory.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#define BLOCK_SIZE ((size_t)1024 * 1024)

static const unsigned char zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd}; /* RFC 8878 */

/* Room for one more block behind the text; -1 past the limit. */
static int make_room(struct buffer *text, struct error *err)
{
        if (text->size > DUMP_FILE_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "it is larger than %zu bytes unpacked: dump the schema alone (mariadb-dump "
                        "--no-data, "
                        "and the migrations table)",
                        DUMP_FILE_LIMIT);
        return 0;
}

static int read_zstd(int fd, const char *path, struct buffer *text, struct error *err)
{
        _cleanup_(decompress_reader_freep) struct decompress_reader *reader = NULL;
        _cleanup_free_ char *block = memory_new(BLOCK_SIZE);
        if (decompress_reader_new(fd, path, &reader, err) < 0)
                return -1;
        size_t size = 0;
        int result;
        while ((result = decompress_reader_read(reader, block, BLOCK_SIZE, &size, err)) == 0) {
                buffer_append(text, block, size);
                if (make_room(text, err) < 0)
                        return -1;
        }
        return result < 0 ? -1 : 0;
}

/* zlib reads plain files as they are. */
static int read_gzip(int fd, struct buffer *text, struct error *err)
{
        _cleanup_free_ char *block = memory_new(BLOCK_SIZE);
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        gzFile file = copy >= 0 ? gzdopen(copy, "rb") : NULL;
        if (!file) {
                if (copy >= 0)
                        (void)close(copy);
                return error_set(err, REASON_INTERNAL, "the decompressor can't be made");
        }
        int size, result = 0;
        while (result == 0 && (size = gzread(file, block, BLOCK_SIZE)) > 0) {
                buffer_append(text, block, (size_t)size);
                result = make_room(text, err);
        }
        int number = Z_OK;
        const char *message = gzerror(file, &number);
        if (result == 0 && number != Z_OK && number != Z_STREAM_END)
                result = error_set(err, REASON_INVALID_ARGUMENT, "it can't be unpacked: %s", message);
        (void)gzclose(file);
        return result;
}

int dump_file_read(const char *path, char **ret_text, size_t *ret_size, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        _cleanup_buffer_ struct buffer text = {0};
        unsigned char magic[sizeof(zstd_magic)] = {0};
        if (fd < 0)
                return error_set_errno(err, errno, "opening it");
        ssize_t count = pread(fd, magic, sizeof(magic), 0);
        bool packed = count == sizeof(magic) && memcmp(magic, zstd_magic, sizeof(magic)) == 0;
        int result = packed ? read_zstd(fd, path, &text, err) : read_gzip(fd, &text, err);
        if (result < 0)
                return -1;
        *ret_size = text.size;
        *ret_text = buffer_steal(&text);
        return 0;
}
