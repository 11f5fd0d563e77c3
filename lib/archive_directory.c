/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/archive_private.h"
#include "lib/memory.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* Source for all numbers here: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16. */
#define END_SIZE 22 /* end of central directory record, without its comment */
#define END_SEARCH (END_SIZE + 65535)
#define LOCATOR_SIZE 20 /* zip64 end of central directory locator */
#define END64_SIZE 56
#define HEADER_SIZE 46 /* central directory header, without name, extra field and comment */
#define BYTES_PER_ENTRY 512 /* more than any release has; bounds what libzip takes memory for */
#define ENTRIES_AT_LEAST 2048 /* a small archive may have long names */

struct directory {
        uint64_t offset, size, count;
};

static uint64_t number(const unsigned char *bytes, int size)
{
        uint64_t value = 0;
        for (int i = size - 1; i >= 0; i--)
                value = value << 8 | bytes[i];
        return value;
}

static bool has_signature(const unsigned char *bytes, const char *signature)
{
        return memcmp(bytes, signature, 4) == 0;
}

/* Reads all of size bytes; fewer are PACKAGE_DAMAGED. */
static int read_at(int fd, uint64_t offset, void *data, size_t size, struct error *err)
{
        char *rest = data;
        while (size > 0) {
                ssize_t count = offset > INT64_MAX ? 0 : pread(fd, rest, size, (off_t)offset);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_set_errno(err, errno, "can't read the package");
                if (count == 0)
                        return error_set(err, REASON_PACKAGE_DAMAGED, "its directory is cut short");
                rest += count;
                offset += (uint64_t)count;
                size -= (size_t)count;
        }
        return 0;
}

/* Takes the true numbers from the zip64 record when the end record's are full. */
static int read_zip64(int fd, uint64_t end_offset, struct directory *directory, struct error *err)
{
        unsigned char locator[LOCATOR_SIZE], end[END64_SIZE];
        bool full = directory->count == 0xffff || directory->size == 0xffffffff ||
                    directory->offset == 0xffffffff;
        if (!full || end_offset < LOCATOR_SIZE)
                return 0;
        if (read_at(fd, end_offset - LOCATOR_SIZE, locator, sizeof(locator), err) < 0)
                return -1;
        if (!has_signature(locator, "PK\6\7"))
                return 0;
        if (read_at(fd, number(locator + 8, 8), end, sizeof(end), err) < 0)
                return -1;
        if (!has_signature(end, "PK\6\6"))
                return error_set(
                        err, REASON_PACKAGE_DAMAGED, "its zip64 directory is not where it should be");
        directory->count = number(end + 32, 8);
        directory->size = number(end + 40, 8);
        directory->offset = number(end + 48, 8);
        return 0;
}

/* Finds the end record whose comment ends where the file ends. */
static int find_directory(int fd, struct directory *ret, struct error *err)
{
        struct stat status;
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "can't examine the package");
        uint64_t size = (uint64_t)status.st_size;
        size_t length = size < END_SEARCH ? (size_t)size : END_SEARCH;
        _cleanup_free_ unsigned char *tail = memory_new(length);
        if (read_at(fd, size - length, tail, length, err) < 0)
                return -1;
        for (size_t i = length < END_SIZE ? 0 : length - END_SIZE + 1; i-- > 0;) {
                if (!has_signature(tail + i, "PK\5\6") || i + END_SIZE + number(tail + i + 20, 2) != length)
                        continue;
                struct directory directory = {
                        .count = number(tail + i + 10, 2),
                        .size = number(tail + i + 12, 4),
                        .offset = number(tail + i + 16, 4),
                };
                if (read_zip64(fd, size - length + i, &directory, err) < 0)
                        return -1;
                if (directory.offset > size || directory.size > size - directory.offset)
                        return error_set(err, REASON_PACKAGE_DAMAGED, "its directory is cut short");
                *ret = directory;
                return 0;
        }
        return error_set(err, REASON_PACKAGE_DAMAGED, "it is no zip archive, or its end is missing");
}

static int check_names(const unsigned char *bytes, const struct directory *directory, struct error *err)
{
        uint64_t left = directory->size;
        for (uint64_t i = 0; i < directory->count; i++) {
                if (left < HEADER_SIZE || !has_signature(bytes, "PK\1\2"))
                        return error_set(err, REASON_PACKAGE_DAMAGED,
                                "entry %" PRIu64 " of its directory is no entry", i);
                uint64_t name = number(bytes + 28, 2);
                uint64_t size = HEADER_SIZE + name + number(bytes + 30, 2) + number(bytes + 32, 2);
                if (size > left)
                        return error_set(err, REASON_PACKAGE_DAMAGED,
                                "entry %" PRIu64 " of its directory is cut short", i);
                if (memchr(bytes + HEADER_SIZE, '\0', name)) {
                        _cleanup_free_ char *text = memory_copy(bytes + HEADER_SIZE, name);
                        _cleanup_free_ char *shown = archive_shown(text);
                        return error_set(err, REASON_PACKAGE_HOSTILE, "the name %s… holds a NUL byte", shown);
                }
                bytes += size;
                left -= size;
        }
        return 0;
}

int archive_directory_check(
        int fd, const struct archive_limits *limits, uint64_t *ret_count, struct error *err)
{
        struct directory directory = {0};
        if (find_directory(fd, &directory, err) < 0)
                return -1;
        if (directory.count > limits->entries)
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "it holds %" PRIu64 " entries, more than the %" PRIu64
                        " that are allowed (extract.entries)",
                        directory.count, limits->entries);
        if (directory.size / BYTES_PER_ENTRY > directory.count + ENTRIES_AT_LEAST)
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "its directory of %" PRIu64 " entries takes %" PRIu64 " bytes", directory.count,
                        directory.size);
        _cleanup_free_ unsigned char *bytes = memory_new(directory.size);
        if (read_at(fd, directory.offset, bytes, directory.size, err) < 0 ||
                check_names(bytes, &directory, err) < 0)
                return -1;
        *ret_count = directory.count;
        return 0;
}
