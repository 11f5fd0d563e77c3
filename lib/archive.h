/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Zip packages: opened, judged before a byte is written, extracted with every CRC checked.
 */

#include "lib/cancel.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

struct archive;

struct archive_limits {
        uint64_t entries; /* at most so many */
        uint64_t bytes; /* uncompressed, all together */
        uint64_t file_bytes; /* uncompressed, one file */
        unsigned ratio; /* uncompressed to compressed, one file above 1 MiB */
};

/* Opens and judges the whole directory: REASON_PACKAGE_DAMAGED when it is no zip, is cut short, or a file is
 * encrypted or of an unknown compression; REASON_PACKAGE_HOSTILE, naming the entry, for absolute names, "..",
 * empty or "." parts, NUL or backslash in names, links and special files, one name twice (also as file and
 * folder, or behind a file as folder), an entry whose header in front of the data is another's, entries that
 * share bytes, and what is over the limits. */
int archive_open(int dir_fd, const char *path, const struct archive_limits *limits, struct archive **ret,
        struct error *err) _must_check;
void archive_close(struct archive *archive);
DEFINE_CLEANUP(struct archive *, archive_close);

uint64_t archive_entry_count(const struct archive *archive);
uint64_t archive_byte_count(const struct archive *archive); /* uncompressed */

bool archive_has_file(const struct archive *archive, const char *name);

bool archive_has_folder(const struct archive *archive, const char *name);

/* Whether the file below dir_fd is that file of the archive, by its size and CRC-32. *ret is false for
 * whatever else stands there, or nothing. */
int archive_compare(struct archive *archive, const char *name, int dir_fd, const char *path, bool *ret,
        struct error *err) _must_check;

/* The index-th file's name, sorted bytewise; NULL behind the last. */
const char *archive_file_name(const struct archive *archive, uint64_t index);

/* Reads one file of the archive, at most limit bytes, CRC checked. 1 when there is none of that name. */
int archive_read(struct archive *archive, const char *name, size_t limit, char **ret_data, size_t *ret_size,
        struct error *err) _must_check;

/* Unpacks every file, on a few threads, without writing it anywhere, to compare its CRC:
 * REASON_PACKAGE_DAMAGED names the first one, in the archive's order, that differs. */
int archive_verify(struct archive *archive, struct cancel *cancel, struct error *err) _must_check;

struct archive_extract_options {
        int folder_fd; /* extracted below this folder, which may hold a former, broken-off try */
        bool (*keeps)(const char *name); /* what is not removed at the top of the folder; NULL: nothing */
        struct cancel *cancel;
        /* In the caller's thread, when there is more than before. */
        void (*on_progress)(uint64_t done_bytes, uint64_t total_bytes, void *userdata);
        void *userdata;
};
struct archive_extract_result {
        uint64_t entries; /* files and folders that stand there now */
        uint64_t bytes;
        uint64_t kept; /* files kept from a former try because size and CRC are right */
};
/* Extracts all entries, on a few threads; the first file, in the archive's order, that fails is the one told,
 * and those in front of it are there. A file there already is kept when its size and CRC-32 are right, else
 * written again; one that failed is removed. What a kill leaves under a file's name is no more than a part of
 * it, which the next try proves wrong. However large the files are, it takes a few MiB of memory. Modes:
 * those of a unix archive without group/other write and setuid bits, else 0644, 0755 for folders; mtimes as
 * in the archive. What the archive does not hold is removed from the folder, unless keeps wants it.
 * Everything is on disk when it returns 0 (syncfs). */
int archive_extract(struct archive *archive, const struct archive_extract_options *options,
        struct archive_extract_result *ret, struct error *err) _must_check;
