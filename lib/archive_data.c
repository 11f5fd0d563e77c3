/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The data of a package's files.
 *
 * They are read with pread(2) from where the checked directory says. A mapping would save a copy of a few
 * kilobytes a file, and end the daemon with SIGBUS when somebody cuts the package short under it; so that is
 * an error like any other, and threads share one descriptor without a lock. A file that fits into a buffer is
 * unpacked in one go by libdeflate, a larger one in pieces by zlib; what is neither stored nor deflated is
 * left to libzip, one file at a time.
 */

#include "lib/archive_private.h"
#include "lib/memory.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <string.h>
#include <zlib.h>

#define WHOLE_SIZE ((size_t)512 * 1024) /* nearly all files of a release are smaller */
#define PIECE_SIZE ((size_t)256 * 1024)

/* What has been unpacked of a file so far, and who takes it. */
struct flow {
        const struct archive_file *file;
        archive_sink *sink;
        void *userdata;
        uint64_t size;
        uint32_t crc;
};

void archive_reader_deinit(struct archive_reader *reader)
{
        libdeflate_free_decompressor(reader->decompressor);
        free(reader->packed);
        free(reader->unpacked);
        *reader = (struct archive_reader){0};
}

static void take_buffer(unsigned char **buffer)
{
        if (!*buffer)
                *buffer = memory_new(WHOLE_SIZE);
}

static int damaged(const struct archive_file *file, int number, struct error *err)
{
        zip_error_t failure;
        zip_error_init_with_code(&failure, number);
        archive_zip_failed(&failure, file->name, err);
        zip_error_fini(&failure);
        return -1;
}

static int wrong_size(const struct archive_file *file, struct error *err)
{
        return error_set(
                err, REASON_PACKAGE_DAMAGED, "%s has not the size that the archive says", file->name);
}

/* Reads size bytes of the package, at an offset from where the file's data begin. */
static int read_packed(struct archive_reader *reader, const struct archive_file *file, uint64_t offset,
        size_t size, struct error *err)
{
        for (size_t done = 0; done < size;) {
                ssize_t count = pread(reader->archive->fd, reader->packed + done, size - done,
                        (off_t)(file->offset + offset + done));
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_set_errno(err, errno, "can't read %s", file->name);
                if (count == 0)
                        return damaged(file, ZIP_ER_EOF, err);
                done += (size_t)count;
        }
        return 0;
}

static int check_end(const struct flow *flow, struct error *err)
{
        if (flow->size != flow->file->size)
                return wrong_size(flow->file, err);
        return flow->crc == flow->file->crc ? 0 : damaged(flow->file, ZIP_ER_CRC, err);
}

static int pass_on(struct flow *flow, const unsigned char *data, size_t size, struct error *err)
{
        flow->size += size;
        if (flow->size > flow->file->size)
                return wrong_size(flow->file, err);
        flow->crc = libdeflate_crc32(flow->crc, data, size);
        /* Of nothing, too: a stream of empty blocks is stopped like any other. */
        return flow->sink(data, size, flow->userdata, err);
}

/* In one go: what is not right is not given to anybody. */

static int inflate_whole(
        struct archive_reader *reader, const struct archive_file *file, size_t *ret_size, struct error *err)
{
        if (!reader->decompressor)
                reader->decompressor = libdeflate_alloc_decompressor();
        if (!reader->decompressor)
                return error_set(err, REASON_INTERNAL, "can't set up the decompression of %s", file->name);
        enum libdeflate_result result = libdeflate_deflate_decompress(reader->decompressor, reader->packed,
                file->packed_size, reader->unpacked, file->size, ret_size);
        if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
                return wrong_size(file, err);
        return result == LIBDEFLATE_SUCCESS ? 0 : damaged(file, ZIP_ER_COMPRESSED_DATA, err);
}

static int read_whole(struct archive_reader *reader, struct flow *flow, struct error *err)
{
        const struct archive_file *file = flow->file;
        bool is_stored = file->method == ZIP_CM_STORE;
        size_t size = file->packed_size;
        if (read_packed(reader, file, 0, size, err) < 0 ||
                (!is_stored && inflate_whole(reader, file, &size, err) < 0))
                return -1;
        const unsigned char *data = is_stored ? reader->packed : reader->unpacked;
        const struct flow whole = {.file = file, .size = size, .crc = libdeflate_crc32(0, data, size)};
        if (check_end(&whole, err) < 0)
                return -1;
        return size > 0 ? flow->sink(data, size, flow->userdata, err) : 0;
}

/* In pieces */

static int copy_pieces(struct archive_reader *reader, struct flow *flow, struct error *err)
{
        const struct archive_file *file = flow->file;
        for (uint64_t done = 0; done < file->packed_size;) {
                uint64_t left = file->packed_size - done;
                size_t size = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
                if (read_packed(reader, file, done, size, err) < 0 ||
                        pass_on(flow, reader->packed, size, err) < 0)
                        return -1;
                done += size;
        }
        return check_end(flow, err);
}

static int inflate_pieces(
        struct archive_reader *reader, struct flow *flow, z_stream *stream, struct error *err)
{
        const struct archive_file *file = flow->file;
        uint64_t done = 0;
        for (int result = Z_OK; result != Z_STREAM_END;) {
                uint64_t left = file->packed_size - done;
                size_t size = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
                if (stream->avail_in == 0 && size > 0) {
                        if (read_packed(reader, file, done, size, err) < 0)
                                return -1;
                        stream->next_in = reader->packed;
                        stream->avail_in = (uInt)size;
                        done += size;
                }
                stream->next_out = reader->unpacked;
                stream->avail_out = PIECE_SIZE;
                result = inflate(stream, Z_NO_FLUSH);
                if (result == Z_BUF_ERROR) /* it gets all room that it wants, so what lacks are data */
                        return damaged(file, ZIP_ER_EOF, err);
                if (result != Z_OK && result != Z_STREAM_END)
                        return damaged(file, ZIP_ER_COMPRESSED_DATA, err);
                if (pass_on(flow, reader->unpacked, PIECE_SIZE - stream->avail_out, err) < 0)
                        return -1;
        }
        return check_end(flow, err);
}

static int read_pieces(struct archive_reader *reader, struct flow *flow, struct error *err)
{
        z_stream stream = {0};
        if (flow->file->method == ZIP_CM_STORE)
                return copy_pieces(reader, flow, err);
        if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
                return error_set(
                        err, REASON_INTERNAL, "can't set up the decompression of %s", flow->file->name);
        int result = inflate_pieces(reader, flow, &stream, err);
        (void)inflateEnd(&stream);
        return result;
}

/* By libzip */

static int read_from(zip_file_t *source, struct archive_reader *reader, struct flow *flow, struct error *err)
{
        while (true) {
                zip_int64_t count = zip_fread(source, reader->unpacked, PIECE_SIZE);
                if (count < 0)
                        return archive_zip_failed(zip_file_get_error(source), flow->file->name, err);
                if (count == 0)
                        return check_end(flow, err);
                if (pass_on(flow, reader->unpacked, (size_t)count, err) < 0)
                        return -1;
        }
}

static int read_by_libzip(struct archive_reader *reader, struct flow *flow, struct error *err)
{
        struct archive *archive = reader->archive;
        (void)pthread_mutex_lock(&archive->zip_lock);
        zip_file_t *source = zip_fopen_index(archive->zip, flow->file->index, 0);
        int result = source ? read_from(source, reader, flow, err)
                            : archive_zip_failed(zip_get_error(archive->zip), flow->file->name, err);
        if (source)
                (void)zip_fclose(source);
        (void)pthread_mutex_unlock(&archive->zip_lock);
        return result;
}

int archive_reader_read(struct archive_reader *reader, const struct archive_file *file, archive_sink *sink,
        void *userdata, struct error *err)
{
        struct flow flow = {.file = file, .sink = sink, .userdata = userdata};
        take_buffer(&reader->packed);
        take_buffer(&reader->unpacked);
        if (file->method != ZIP_CM_STORE && file->method != ZIP_CM_DEFLATE)
                return read_by_libzip(reader, &flow, err);
        if (file->packed_size <= WHOLE_SIZE && file->size <= WHOLE_SIZE)
                return read_whole(reader, &flow, err);
        return read_pieces(reader, &flow, err);
}

int archive_reader_measure(struct archive_reader *reader, int fd, struct cancel *cancel, uint64_t *ret_size,
        uint32_t *ret_crc, struct error *err)
{
        uint64_t size = 0;
        uint32_t crc = 0;
        take_buffer(&reader->unpacked);
        while (true) {
                if (cancel_check(cancel, err) < 0)
                        return -1;
                ssize_t count = read(fd, reader->unpacked, PIECE_SIZE);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return 1;
                if (count == 0)
                        break;
                crc = libdeflate_crc32(crc, reader->unpacked, (size_t)count);
                size += (uint64_t)count;
        }
        *ret_size = size;
        *ret_crc = crc;
        return 0;
}

/* One file alone */

static int append(const void *data, size_t size, void *userdata, struct error *err)
{
        buffer_append(userdata, data, size);
        return 0;
}

int archive_read(struct archive *archive, const char *name, size_t limit, char **ret_data, size_t *ret_size,
        struct error *err)
{
        const struct archive_file *file = archive_find_file(archive, name);
        if (!file)
                return 1;
        if (file->size > limit)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "%s has %" PRIu64 " bytes, more than the %zu that are allowed", name, file->size,
                        limit);
        _cleanup_archive_reader_ struct archive_reader reader = {.archive = archive};
        _cleanup_buffer_ struct buffer data = {0};
        if (archive_reader_read(&reader, file, append, &data, err) < 0)
                return -1;
        *ret_size = data.size;
        *ret_data = buffer_steal(&data);
        return 0;
}
