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

#define LOCAL_SIZE 30 /* the header in front of an entry's data, without its name and extra field */
#define EXTRA_ZIP64 1
#define FULL 0xffffffff /* a number that did not fit: it stands in the extra field */
#define FLAG_ENCRYPTED 1
#define FLAG_NUMBERS_FOLLOW 8 /* size and CRC stand behind the data, and may be 0 in front of it */

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

/* The true numbers of an entry that is too large for its fields, in their order as far as they are full. */
static void read_zip64_extra(const unsigned char *extra, uint64_t size, struct archive_header *header)
{
        uint64_t *const fields[] = {&header->size, &header->packed_size, &header->offset};
        while (size >= 4) {
                uint64_t length = number(extra + 2, 2);
                if (length > size - 4)
                        return;
                const unsigned char *value = extra + 4, *end = value + length;
                for (size_t i = 0; number(extra, 2) == EXTRA_ZIP64 && i < ARRAY_SIZE(fields); i++) {
                        if (*fields[i] != FULL || end - value < 8)
                                continue;
                        *fields[i] = number(value, 8);
                        value += 8;
                }
                extra += 4 + length;
                size -= 4 + length;
        }
}

/* Reads one header of the directory from at most left bytes; *ret_size is what it takes. */
static int read_header(const unsigned char *bytes, uint64_t left, uint64_t index, struct archive_header *ret,
        uint64_t *ret_size, struct error *err)
{
        if (left < HEADER_SIZE || !has_signature(bytes, "PK\1\2"))
                return error_set(
                        err, REASON_PACKAGE_DAMAGED, "entry %" PRIu64 " of its directory is no entry", index);
        uint64_t name = number(bytes + 28, 2), extra = number(bytes + 30, 2);
        uint64_t size = HEADER_SIZE + name + extra + number(bytes + 32, 2);
        if (size > left)
                return error_set(err, REASON_PACKAGE_DAMAGED,
                        "entry %" PRIu64 " of its directory is cut short", index);
        _cleanup_free_ char *text = memory_copy(bytes + HEADER_SIZE, name);
        if (memchr(bytes + HEADER_SIZE, '\0', name)) {
                _cleanup_free_ char *shown = archive_shown(text);
                return error_set(err, REASON_PACKAGE_HOSTILE, "the name %s… holds a NUL byte", shown);
        }
        *ret = (struct archive_header){
                .name = steal(&text),
                .flags = (unsigned)number(bytes + 8, 2),
                .method = (unsigned)number(bytes + 10, 2),
                .crc = (uint32_t)number(bytes + 16, 4),
                .packed_size = number(bytes + 20, 4),
                .size = number(bytes + 24, 4),
                .offset = number(bytes + 42, 4),
        };
        read_zip64_extra(bytes + HEADER_SIZE + name, extra, ret);
        *ret_size = size;
        return 0;
}

static int read_headers(const unsigned char *bytes, const struct directory *directory,
        struct archive_directory *ret, struct error *err)
{
        uint64_t left = directory->size;
        /* Each takes HEADER_SIZE bytes at least, so that a number alone takes no memory. */
        if (directory->count > left / HEADER_SIZE)
                return error_set(err, REASON_PACKAGE_DAMAGED,
                        "its directory has no room for %" PRIu64 " entries", directory->count);
        ret->items = memory_new_array(directory->count, sizeof(*ret->items));
        for (uint64_t size = 0; ret->count < directory->count; ret->count++) {
                if (read_header(bytes, left, ret->count, &ret->items[ret->count], &size, err) < 0)
                        return -1;
                bytes += size;
                left -= size;
        }
        return 0;
}

void archive_directory_deinit(struct archive_directory *directory)
{
        for (uint64_t i = 0; i < directory->count; i++)
                free(directory->items[i].name);
        free(directory->items);
        *directory = (struct archive_directory){0};
}

int archive_directory_read(
        int fd, const struct archive_limits *limits, struct archive_directory *ret, struct error *err)
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
        _cleanup_archive_directory_ struct archive_directory found = {.offset = directory.offset};
        if (read_at(fd, directory.offset, bytes, directory.size, err) < 0 ||
                read_headers(bytes, &directory, &found, err) < 0)
                return -1;
        *ret = found;
        found = (struct archive_directory){0};
        return 0;
}

/* Where the data is */

struct extent {
        uint64_t begin, end;
        const char *name;
};

static bool fits(uint64_t local, uint64_t told, const unsigned char *header)
{
        bool follows = number(header + 6, 2) & FLAG_NUMBERS_FOLLOW;
        return local == told || local == FULL || (follows && local == 0);
}

/* What the header in front of the data says otherwise, or NULL. */
static const char *find_lie(const unsigned char *local, const struct archive_header *header)
{
        size_t size = strlen(header->name);
        if (number(local + 26, 2) != size || memcmp(local + LOCAL_SIZE, header->name, size) != 0)
                return "name";
        if (number(local + 8, 2) != header->method)
                return "compression";
        if ((number(local + 6, 2) ^ header->flags) & FLAG_ENCRYPTED)
                return "encryption";
        if (!fits(number(local + 14, 4), header->crc, local))
                return "checksum";
        if (!fits(number(local + 18, 4), header->packed_size, local) ||
                !fits(number(local + 22, 4), header->size, local))
                return "size";
        return NULL;
}

static int no_data(const char *shown, struct error *err)
{
        return error_set(err, REASON_PACKAGE_DAMAGED,
                "the data of the entry \"%s\" are not where its directory says", shown);
}

static int find_extent(
        int fd, struct archive_header *header, unsigned char *local, struct extent *ret, struct error *err)
{
        size_t size = LOCAL_SIZE + strlen(header->name);
        _cleanup_free_ char *shown = archive_shown(header->name);
        _cleanup_error_ struct error unread = {0};
        if (header->offset > INT64_MAX / 2 || header->packed_size > INT64_MAX / 2)
                return no_data(shown, err);
        if (read_at(fd, header->offset, local, size, &unread) < 0) {
                if (unread.reason == REASON_PACKAGE_DAMAGED)
                        return no_data(shown, err);
                error_move(err, &unread);
                return -1;
        }
        if (!has_signature(local, "PK\3\4"))
                return no_data(shown, err);
        const char *lie = find_lie(local, header);
        if (lie)
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "the entry \"%s\" has another %s in front of its data than in the directory", shown,
                        lie);
        header->data = header->offset + size + number(local + 28, 2);
        *ret = (struct extent){
                .begin = header->offset,
                .end = header->data + header->packed_size,
                .name = header->name,
        };
        return 0;
}

static int compare_extents(const void *left, const void *right)
{
        uint64_t one = ((const struct extent *)left)->begin, other = ((const struct extent *)right)->begin;
        return one < other ? -1 : one > other;
}

static int check_overlap(const struct extent *extents, uint64_t count, uint64_t limit, struct error *err)
{
        for (uint64_t i = 0; i < count; i++) {
                uint64_t end = i + 1 < count ? extents[i + 1].begin : limit;
                if (extents[i].end <= end)
                        continue;
                _cleanup_free_ char *shown = archive_shown(extents[i].name);
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "the data of the entry \"%s\" overlap with what is behind them", shown);
        }
        return 0;
}

int archive_directory_check(int fd, struct archive_directory *directory, struct error *err)
{
        _cleanup_free_ struct extent *extents = memory_new_array(directory->count, sizeof(*extents));
        _cleanup_free_ unsigned char *local = memory_new(LOCAL_SIZE + UINT16_MAX);
        for (uint64_t i = 0; i < directory->count; i++)
                if (find_extent(fd, &directory->items[i], local, &extents[i], err) < 0)
                        return -1;
        if (directory->count > 1)
                qsort(extents, directory->count, sizeof(*extents), compare_extents);
        return check_overlap(extents, directory->count, directory->offset, err);
}
