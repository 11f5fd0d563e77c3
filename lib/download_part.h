/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The unfinished file of a download and the note beside it, which says of what it is the beginning.
 *
 * After a kill the bytes in the file are right to the last one; after a power cut only those are trusted
 * that were synced, which the note tells, as it tells the boot it was written in.
 */

#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

struct download_part {
        int folder_fd; /* borrowed */
        char *name; /* "<name>.part" */
        char *note_name; /* "<name>.part.json" */
        char *address; /* SHA-256 of the URL: it may hold secrets */
        int fd;
        uint64_t size; /* bytes there, from the start of the file */
        uint64_t synced; /* so many survive a power cut */
        uint64_t length; /* of the whole file; 0: not known */
        char *validator; /* what If-Range gets: a strong ETag or a date; NULL: can't be gone on with */
};

/* Opens or makes the file. What can't be gone on with (no note, another URL, no validator) has size 0. */
int download_part_open(int folder_fd, const char *name, const char *url, struct download_part *ret,
        struct error *err) _must_check;
void download_part_deinit(struct download_part *part);

/* Empties the file and notes what is going to be in it. The note is synced after the file is empty, so that
 * no old byte can ever stand under a new validator. */
int download_part_restart(
        struct download_part *part, const char *validator, uint64_t length, struct error *err) _must_check;
int download_part_append(struct download_part *part, const void *data, size_t size, struct error *err)
        _must_check;
/* Syncs the file and renames it to name; the note goes. REASON_ALREADY_EXISTS when name is there. */
int download_part_publish(struct download_part *part, const char *name, struct error *err) _must_check;
/* Removes file and note; the struct can only be released then. */
int download_part_remove(struct download_part *part, struct error *err) _must_check;
