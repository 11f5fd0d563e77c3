/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * zstd streams to and from a descriptor. The writer computes the SHA-256 of what it wrote while it streams,
 * so that a backup needs no second reading. Frames carry a checksum of their content.
 */

#include "lib/error.h"

#include <stddef.h>
#include <stdint.h>

#define COMPRESS_LEVEL_MAX 19

struct compress_writer;

struct compress_total {
        uint64_t bytes_in; /* given to the writer */
        uint64_t bytes_out; /* written to the descriptor */
        char sha256[65]; /* of what was written: lower-case hex and NUL */
};

/* Writes to fd (borrowed) from where it stands; name is for messages. level 1 to COMPRESS_LEVEL_MAX, else the
 * nearer of both. */
int compress_writer_new(int fd, const char *name, unsigned level, struct compress_writer **ret,
        struct error *err) _must_check;
/* Errors are those of write(2): disk_full, …. After one the writer can only be freed. */
int compress_writer_write(struct compress_writer *writer, const void *data, size_t size, struct error *err)
        _must_check;
/* Ends the frame; nothing can be written behind it. The descriptor is not synced. */
int compress_writer_finish(struct compress_writer *writer, struct compress_total *ret, struct error *err)
        _must_check;
uint64_t compress_writer_bytes_in(const struct compress_writer *writer);
void compress_writer_free(struct compress_writer *writer); /* an unfinished frame stays cut short */
DEFINE_CLEANUP(struct compress_writer *, compress_writer_free);

struct decompress_reader;

/* Reads zstd frames from fd (borrowed) to its end. */
int decompress_reader_new(int fd, const char *name, struct decompress_reader **ret, struct error *err)
        _must_check;
/* Fills data with at least one byte and at most size. 1 at the end of the last whole frame. A frame that is
 * cut short, damaged, or no zstd at all: REASON_BACKUP_INCOMPLETE, now and at each later call. */
int decompress_reader_read(struct decompress_reader *reader, void *data, size_t size, size_t *ret_size,
        struct error *err) _must_check;
void decompress_reader_free(struct decompress_reader *reader);
DEFINE_CLEANUP(struct decompress_reader *, decompress_reader_free);
