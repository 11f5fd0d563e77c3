/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What lib/archive*.c share; nobody else includes this. */

#include "lib/archive.h"

#include <sys/types.h>
#include <time.h>
#include <zip.h>

struct archive_file {
        char *name; /* below the folder it is extracted to */
        uint64_t index; /* in libzip's order, which is that of the archive's own directory */
        uint64_t size;
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
        zip_t *zip;
        struct archive_file *files; /* sorted bytewise by name, as are the folders */
        size_t file_count;
        struct archive_folder *folders; /* a folder stands before what is in it */
        size_t folder_count;
        uint64_t bytes;
};

struct archive_file *archive_find_file(const struct archive *archive, const char *name);
struct archive_folder *archive_find_folder(const struct archive *archive, const char *name);

static inline void archive_close_file(zip_file_t **file)
{
        if (*file)
                (void)zip_fclose(*file);
}
#define _cleanup_zip_file_ _cleanup_(archive_close_file)

/* The name for messages, owned by the caller. */
char *archive_shown(const char *name);
/* Fills err from libzip's: PACKAGE_DAMAGED when the archive is at fault, else the system's reason. */
int archive_zip_failed(zip_error_t *failure, const char *name, struct error *err);

/* What the directory's bytes say of one entry. */
struct archive_header {
        char *name; /* owned */
        uint64_t offset; /* of the header in front of its data */
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
int archive_directory_check(int fd, const struct archive_directory *directory, struct error *err) _must_check;
