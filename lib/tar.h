/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A .tar.gz of files that are in memory. Source of the format: POSIX.1-2017, pax, "ustar". */

#include "lib/error.h"

#include <stddef.h>
#include <stdint.h>

struct tar_writer;

/* Writes to fd (borrowed), from where it stands; name is for messages. */
int tar_writer_new(int fd, const char *name, struct tar_writer **ret, struct error *err) _must_check;
/* A regular file of mode 0600. path: at most 99 bytes, relative. */
int tar_writer_add(struct tar_writer *writer, const char *path, const void *data, size_t size, int64_t time_s,
        struct error *err) _must_check;
/* Ends the archive; nothing can be added behind it. The descriptor is not synced. */
int tar_writer_finish(struct tar_writer *writer, struct error *err) _must_check;
void tar_writer_free(struct tar_writer *writer); /* an unfinished one stays cut short */
DEFINE_CLEANUP(struct tar_writer *, tar_writer_free);
