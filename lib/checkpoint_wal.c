/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/checkpoint_query.h"
#include "lib/interrupted.h"
#include "lib/memory.h"

#include <fcntl.h>
#include <string.h>

/*
 * The write-ahead log, judged before SQLite reads it.
 *
 * SQLite takes a log up to the first frame whose checksum is wrong and forgets the rest without a word: that
 * is right for a write that a power cut tore, and wrong for a log that was damaged later, because then
 * commits are forgotten that this program was told are safe. Each commit is on disk before the next begins
 * (synchronous = FULL), so at most the last one can be torn: two commits of this log's generation behind a
 * bad frame are damage. Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */

#define HEADER_SIZE 32
#define FRAME_HEADER_SIZE 24
#define MAGIC 0x377f0682u /* the last bit: checksums over big-endian words */

struct wal {
        int fd;
        bool big_endian;
        uint32_t page_size;
        unsigned char salts[8];
        uint32_t sums[2];
};

static uint32_t read_big(const unsigned char *bytes)
{
        return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint32_t read_word(const struct wal *wal, const unsigned char *bytes)
{
        uint32_t word = read_big(bytes);
        return wal->big_endian ? word : __builtin_bswap32(word);
}

static void add_to_sums(struct wal *wal, const unsigned char *bytes, size_t size)
{
        for (size_t i = 0; i + 8 <= size; i += 8) {
                wal->sums[0] += read_word(wal, bytes + i) + wal->sums[1];
                wal->sums[1] += read_word(wal, bytes + i + 4) + wal->sums[0];
        }
}

static bool sums_are(const struct wal *wal, const unsigned char *bytes)
{
        return wal->sums[0] == read_big(bytes) && wal->sums[1] == read_big(bytes + 4);
}

static bool read_header(struct wal *wal, const unsigned char header[HEADER_SIZE])
{
        uint32_t magic = read_big(header);
        wal->big_endian = magic & 1;
        wal->page_size = read_big(header + 8);
        memcpy(wal->salts, header + 16, sizeof(wal->salts));
        add_to_sums(wal, header, 24);
        return (magic & ~1u) == MAGIC && wal->page_size >= 512 && wal->page_size <= 65536 &&
               (wal->page_size & (wal->page_size - 1)) == 0 && sums_are(wal, header + 24);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if (bytes[i])
                        return false;
        return true;
}

/* Reads whole; 1 when the file ends before. */
static int read_at(int fd, void *data, size_t size, off_t offset)
{
        for (size_t done = 0; done < size;) {
                ssize_t count = pread(fd, (char *)data + done, size - done, offset + (off_t)done);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return count < 0 ? -1 : 1;
                done += (size_t)count;
        }
        return 0;
}

/* Counts the commits of this generation behind the first bad frame. */
static int count_lost(struct wal *wal, unsigned *ret_lost)
{
        size_t size = FRAME_HEADER_SIZE + wal->page_size;
        _cleanup_free_ unsigned char *frame = memory_new(size);
        bool good = true;
        int result;
        *ret_lost = 0;
        for (off_t at = HEADER_SIZE; (result = read_at(wal->fd, frame, size, at)) == 0; at += (off_t)size) {
                bool same_generation = memcmp(frame + 8, wal->salts, sizeof(wal->salts)) == 0;
                if (good) {
                        add_to_sums(wal, frame, 8);
                        add_to_sums(wal, frame + FRAME_HEADER_SIZE, wal->page_size);
                        good = same_generation && sums_are(wal, frame + 16);
                }
                if (!good && same_generation && read_big(frame + 4) != 0)
                        ++*ret_lost;
        }
        return result < 0 ? -1 : 0;
}

int checkpoint_check_wal(const char *path, struct error *err)
{
        _cleanup_free_ char *name = string_format("%s-wal", path);
        unsigned char header[HEADER_SIZE];
        _cleanup_close_ int fd = uninterrupted(open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        struct wal wal = {.fd = fd};
        unsigned lost;
        if (fd < 0 && errno == ENOENT)
                return 0;
        int result = fd < 0 ? -1 : read_at(fd, header, sizeof(header), 0);
        if (result < 0)
                return error_set_errno(err, errno, "can't read the checkpoint's log %s", name);
        if (result > 0 || is_zero(header, sizeof(header))) /* made, and nothing was committed into it yet */
                return 0;
        if (!read_header(&wal, header))
                return error_set(
                        err, REASON_CHECKPOINT_DAMAGED, "the checkpoint's log %s has a bad head", name);
        if (count_lost(&wal, &lost) < 0)
                return error_set_errno(err, errno, "can't read the checkpoint's log %s", name);
        if (lost > 1)
                return error_set(err, REASON_CHECKPOINT_DAMAGED,
                        "the checkpoint's log %s is damaged in front of at least %u commits", name, lost - 1);
        return 0;
}
