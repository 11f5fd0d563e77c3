/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What lib/archive*.c share; nobody else includes this. */

#include "lib/archive.h"

#include <pthread.h>
#include <sys/types.h>
#include <time.h>
#include <zip.h>

struct archive_file {
        char *name; /* below the folder it is extracted to */
        uint64_t index; /* in libzip's order, which is that of the archive's own directory */
        uint64_t size;
        uint64_t offset, packed_size; /* where in the package its data are */
        unsigned method;
        uint32_t crc;
        mode_t mode; /* permission bits alone, made harmless */
        time_t mtime;
};

/* A folder that the archive names, or that a file of it lies in. */
struct archive_folder {
        char *name;
        mode_t mode;
        time_t mtime; /* -1: not told */
};

struct archive {
        int fd;
        zip_t *zip;
        pthread_mutex_t zip_lock; /* libzip serves one thread at a time */
        struct archive_file *files; /* sorted bytewise by name, as are the folders */
        size_t file_count;
        struct archive_folder *folders; /* a folder stands before what is in it */
        size_t folder_count;
        uint64_t bytes;
};

struct archive_file *archive_find_file(const struct archive *archive, const char *name);
struct archive_folder *archive_find_folder(const struct archive *archive, const char *name);

/* The name for messages, owned by the caller. */
char *archive_shown(const char *name);
/* Fills err from libzip's: PACKAGE_DAMAGED when the archive is at fault, else the system's reason. */
int archive_zip_failed(zip_error_t *failure, const char *name, struct error *err);

/* What the directory's bytes say of one entry. */
struct archive_header {
        char *name; /* owned */
        uint64_t offset; /* of the header in front of its data */
        uint64_t data; /* offset of its data, known once that header was checked */
        uint64_t size, packed_size;
        uint32_t crc;
        unsigned flags, method;
};

struct archive_directory {
        struct archive_header *items; /* in their own order, which is libzip's */
        uint64_t count;
        uint64_t offset; /* where all data ends */
};
void archive_directory_deinit(struct archive_directory *directory);
#define _cleanup_archive_directory_ _cleanup_(archive_directory_deinit)

/* Looks at the directory's bytes before libzip takes memory for them: numbers within the limits, no NUL in a
 * name (libzip shows a space there). */
int archive_directory_read(int fd, const struct archive_limits *limits, struct archive_directory *ret,
        struct error *err) _must_check;
/* Compares each entry with the header in front of its data, which other programs believe instead, and sees
 * that no two share bytes, as in bombs: PACKAGE_HOSTILE; PACKAGE_DAMAGED where there is no such header. */
int archive_directory_check(int fd, struct archive_directory *directory, struct error *err) _must_check;

/* Unpacks files, one after the other; each thread has one of its own. */
struct archive_reader {
        struct archive *archive;
        struct libdeflate_decompressor *decompressor;
        unsigned char *packed, *unpacked;
};
/* Zeroed but for the archive it is ready. */
void archive_reader_deinit(struct archive_reader *reader);
#define _cleanup_archive_reader_ _cleanup_(archive_reader_deinit)

/* Takes a piece of a file, in their order; one may be empty, and a file without a byte may give none. */
typedef int archive_sink(const void *data, size_t size, void *userdata, struct error *err);
/* Size and CRC are right when it returns 0: PACKAGE_DAMAGED names the file where they are not. A large file's
 * pieces are given before that is known. Takes no more memory than for a small file, however large it is. */
int archive_reader_read(struct archive_reader *reader, const struct archive_file *file, archive_sink *sink,
        void *userdata, struct error *err) _must_check;
/* The size and CRC of what fd holds, read to its end; 1 when it can't be read. */
int archive_reader_measure(struct archive_reader *reader, int fd, struct cancel *cancel, uint64_t *ret_size,
        uint32_t *ret_crc, struct error *err) _must_check;
