/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/compress.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/sha256.h"

#include <stdbool.h>
#include <zstd.h>

struct compress_writer {
        int fd;
        char *name;
        ZSTD_CCtx *zstd;
        struct sha256 *sha256;
        char *output;
        size_t output_size;
        uint64_t bytes_in, bytes_out;
        bool closed; /* finished or failed */
};

struct decompress_reader {
        int fd;
        char *name;
        ZSTD_DCtx *zstd;
        char *input;
        size_t input_size;
        ZSTD_inBuffer pending; /* read from fd, not yet decompressed */
        bool inside_frame;
        bool seen_frame;
        bool failed;
};

static unsigned fit_level(unsigned level)
{
        if (level < 1)
                return 1;
        return level > COMPRESS_LEVEL_MAX ? COMPRESS_LEVEL_MAX : level;
}

int compress_writer_new(
        int fd, const char *name, unsigned level, struct compress_writer **ret, struct error *err)
{
        _cleanup_(compress_writer_freep) struct compress_writer *writer = memory_new(sizeof(*writer));
        writer->fd = fd;
        writer->name = string_copy(name);
        writer->output_size = ZSTD_CStreamOutSize();
        writer->output = memory_new(writer->output_size);
        writer->zstd = ZSTD_createCCtx();
        writer->sha256 = sha256_new();
        if (!writer->zstd ||
                ZSTD_isError(ZSTD_CCtx_setParameter(
                        writer->zstd, ZSTD_c_compressionLevel, (int)fit_level(level))) ||
                ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1)))
                return error_set(err, REASON_INTERNAL, "can't set up the compression of %s", name);
        *ret = steal(&writer);
        return 0;
}

void compress_writer_free(struct compress_writer *writer)
{
        if (!writer)
                return;
        (void)ZSTD_freeCCtx(writer->zstd);
        sha256_free(writer->sha256);
        free(writer->output);
        free(writer->name);
        free(writer);
}

static int write_output(struct compress_writer *writer, size_t size, struct error *err)
{
        if (file_write_all(writer->fd, writer->output, size, writer->name, err) < 0)
                return -1;
        sha256_add(writer->sha256, writer->output, size);
        writer->bytes_out += size;
        return 0;
}

static int compress(
        struct compress_writer *writer, ZSTD_inBuffer *input, ZSTD_EndDirective directive, struct error *err)
{
        size_t remaining;
        do {
                ZSTD_outBuffer output = {.dst = writer->output, .size = writer->output_size};
                remaining = ZSTD_compressStream2(writer->zstd, &output, input, directive);
                if (ZSTD_isError(remaining))
                        return error_set(err, REASON_INTERNAL, "can't compress %s: %s", writer->name,
                                ZSTD_getErrorName(remaining));
                if (write_output(writer, output.pos, err) < 0)
                        return -1;
        } while (directive == ZSTD_e_end ? remaining > 0 : input->pos < input->size);
        return 0;
}

int compress_writer_write(struct compress_writer *writer, const void *data, size_t size, struct error *err)
{
        if (writer->closed)
                return error_set(err, REASON_INTERNAL, "%s is closed already", writer->name);
        ZSTD_inBuffer input = {.src = data, .size = size};
        if (compress(writer, &input, ZSTD_e_continue, err) < 0) {
                writer->closed = true;
                return -1;
        }
        writer->bytes_in += size;
        return 0;
}

int compress_writer_finish(struct compress_writer *writer, struct compress_total *ret, struct error *err)
{
        if (writer->closed)
                return error_set(err, REASON_INTERNAL, "%s is closed already", writer->name);
        writer->closed = true;
        ZSTD_inBuffer nothing = {0};
        if (compress(writer, &nothing, ZSTD_e_end, err) < 0)
                return -1;
        struct compress_total total = {.bytes_in = writer->bytes_in, .bytes_out = writer->bytes_out};
        sha256_finish(writer->sha256, total.sha256);
        *ret = total;
        return 0;
}

uint64_t compress_writer_bytes_in(const struct compress_writer *writer)
{
        return writer->bytes_in;
}

int decompress_reader_new(int fd, const char *name, struct decompress_reader **ret, struct error *err)
{
        _cleanup_(decompress_reader_freep) struct decompress_reader *reader = memory_new(sizeof(*reader));
        reader->fd = fd;
        reader->name = string_copy(name);
        reader->input_size = ZSTD_DStreamInSize();
        reader->input = memory_new(reader->input_size);
        reader->zstd = ZSTD_createDCtx();
        if (!reader->zstd)
                return error_set(err, REASON_INTERNAL, "can't set up the decompression of %s", name);
        *ret = steal(&reader);
        return 0;
}

void decompress_reader_free(struct decompress_reader *reader)
{
        if (!reader)
                return;
        (void)ZSTD_freeDCtx(reader->zstd);
        free(reader->input);
        free(reader->name);
        free(reader);
}

/* 1 at the end of the file. */
static int read_input(struct decompress_reader *reader, struct error *err)
{
        ssize_t count;
        do
                count = read(reader->fd, reader->input, reader->input_size);
        while (count < 0 && errno == EINTR);
        if (count < 0)
                return error_set_errno(err, errno, "can't read %s", reader->name);
        reader->pending = (ZSTD_inBuffer){.src = reader->input, .size = (size_t)count};
        return count == 0;
}

static int read_frames(
        struct decompress_reader *reader, void *data, size_t size, size_t *ret_size, struct error *err)
{
        ZSTD_outBuffer output = {.dst = data, .size = size};
        for (;;) {
                /* Also without pending input: the decoder may hold output that did not fit last time. */
                size_t before = reader->pending.pos;
                size_t hint = ZSTD_decompressStream(reader->zstd, &output, &reader->pending);
                if (ZSTD_isError(hint))
                        return error_set(err, REASON_BACKUP_INCOMPLETE, "%s is damaged: %s", reader->name,
                                ZSTD_getErrorName(hint));
                if (reader->pending.pos > before || output.pos > 0 || hint == 0) {
                        reader->inside_frame = hint > 0;
                        reader->seen_frame = true;
                }
                if (output.pos > 0) {
                        *ret_size = output.pos;
                        return 0;
                }
                if (reader->pending.pos < reader->pending.size)
                        continue;
                int result = read_input(reader, err);
                if (result < 0)
                        return -1;
                if (result > 0 && (reader->inside_frame || !reader->seen_frame))
                        return error_set(err, REASON_BACKUP_INCOMPLETE,
                                "%s is cut short: it ends in the middle of a zstd frame", reader->name);
                if (result > 0)
                        return 1;
        }
}

int decompress_reader_read(
        struct decompress_reader *reader, void *data, size_t size, size_t *ret_size, struct error *err)
{
        if (reader->failed)
                return error_set(err, REASON_BACKUP_INCOMPLETE, "%s is damaged", reader->name);
        int result = read_frames(reader, data, size, ret_size, err);
        reader->failed = result < 0;
        return result;
}
