/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/tar.h"

#include "lib/memory.h"

#include <fcntl.h>
#include <string.h>
#include <zlib.h>

#define BLOCK 512
#define NUMBER_MOST 077777777777 /* eleven octal digits */

struct header {
        char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, linkname[100],
                magic[6], version[2], uname[32], gname[32], devmajor[8], devminor[8], prefix[155], rest[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a block of a tar archive");

struct tar_writer {
        gzFile file;
        char *name;
};

int tar_writer_new(int fd, const char *name, struct tar_writer **ret, struct error *err)
{
        _cleanup_close_ int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (own_fd < 0)
                return error_set_errno(err, errno, "writing %s", name);
        gzFile file = gzdopen(own_fd, "wb");
        if (!file)
                return error_set(err, REASON_INTERNAL, "writing %s: zlib has no memory", name);
        (void)steal_fd(&own_fd);
        *ret = memory_new(sizeof(**ret));
        (*ret)->file = file;
        (*ret)->name = string_copy(name);
        return 0;
}

void tar_writer_free(struct tar_writer *writer)
{
        if (!writer)
                return;
        if (writer->file)
                (void)gzclose(writer->file);
        free(writer->name);
        free(writer);
}

static int fail(struct tar_writer *writer, struct error *err)
{
        int number = Z_ERRNO;
        (void)gzerror(writer->file, &number);
        if (number == Z_ERRNO && errno != 0)
                return error_set_errno(err, errno, "writing %s", writer->name);
        return error_set(err, REASON_INPUT_OUTPUT, "writing %s: zlib error %d", writer->name, number);
}

static int put(struct tar_writer *writer, const void *data, size_t size, struct error *err)
{
        errno = 0;
        return gzfwrite(data, 1, size, writer->file) == size ? 0 : fail(writer, err);
}

static void fill_header(struct header *header, const char *path, size_t size, int64_t time_s)
{
        unsigned sum = 0;
        *header = (struct header){.mode = "0000600",
                .uid = "0000000",
                .gid = "0000000",
                .type = '0',
                .magic = "ustar",
                .version = {'0', '0'}};
        (void)snprintf(header->name, sizeof(header->name), "%s", path);
        (void)snprintf(header->size, sizeof(header->size), "%011llo", (unsigned long long)size);
        (void)snprintf(header->mtime, sizeof(header->mtime), "%011llo",
                time_s > 0 && time_s <= NUMBER_MOST ? (unsigned long long)time_s : 0);
        memset(header->checksum, ' ', sizeof(header->checksum));
        for (size_t i = 0; i < sizeof(*header); i++)
                sum += ((const unsigned char *)header)[i];
        (void)snprintf(header->checksum, sizeof(header->checksum), "%06o", sum & 0777777);
}

int tar_writer_add(struct tar_writer *writer, const char *path, const void *data, size_t size, int64_t time_s,
        struct error *err)
{
        static const char zeros[BLOCK];
        struct header header;
        if (!*path || strlen(path) >= sizeof(header.name) || *path == '/')
                return error_set(err, REASON_INVALID_ARGUMENT, "%s is no name for an archive", path);
        if (size > NUMBER_MOST)
                return error_set(err, REASON_INVALID_ARGUMENT, "%s is too large for an archive", path);
        fill_header(&header, path, size, time_s);
        if (put(writer, &header, sizeof(header), err) < 0 || put(writer, data, size, err) < 0)
                return -1;
        return size % BLOCK == 0 ? 0 : put(writer, zeros, BLOCK - size % BLOCK, err);
}

int tar_writer_finish(struct tar_writer *writer, struct error *err)
{
        static const char zeros[2 * BLOCK];
        if (put(writer, zeros, sizeof(zeros), err) < 0)
                return -1;
        errno = 0;
        if (gzflush(writer->file, Z_FINISH) != Z_OK)
                return fail(writer, err);
        int result = gzclose(writer->file);
        writer->file = NULL;
        if (result == Z_ERRNO)
                return error_set_errno(err, errno, "writing %s", writer->name);
        return result == Z_OK ? 0
                              : error_set(err, REASON_INPUT_OUTPUT, "writing %s: zlib error %d", writer->name,
                                        result);
}
