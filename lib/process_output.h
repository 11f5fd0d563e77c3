/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a child says, of which the end is kept: it comes by a pipe, or by a file without a name, which a child
 * can go on writing to when nobody reads any more. For lib/process.c alone.
 */

#include "lib/error.h"
#include "lib/memory.h"

#include <stdbool.h>
#include <sys/types.h>

struct output {
        int fd; /* our end; -1: none, or end of file */
        off_t taken, freed; /* of a file: read so far, given back to the disk so far */
        struct buffer buffer;
        bool cut; /* there was more in front */
};
void output_deinit(struct output *output);

void output_append(struct output *output, const char *data, size_t size);
/* The end as text (a NUL byte would hide what is behind it), owned by the caller. */
char *output_steal(struct output *output);

/* A file in that folder, mode 0600, already without a name, with some room kept for it: a console ends with
 * an exception when it can't write. Fails with disk_full, … *ret_child_fd is for the child, above 2. */
int output_open_file(struct output *output, int folder_fd, int *ret_child_fd, struct error *err) _must_check;
/* Takes the end of what has come since, and gives the room of what was taken back to the disk. */
void output_take_file(struct output *output);
