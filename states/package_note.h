/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What is known of package.zip beside the checkpoint, for who fetches it ahead of its stage:
 * NAME_STATE_PACKAGE_NOTE in the state folder.
 *
 * It is written before package.zip of that source appears, without a hash, and again when that was judged; it
 * goes before package.zip does. So: a note of the source, and the file is of that source; a hash in the note,
 * and a file of that hash is a whole package.
 */

#include "lib/cleanup.h"
#include "lib/error.h"

#include <stdint.h>

struct package_note {
        char *source; /* package_source.identity */
        uint64_t size;
        char *sha256; /* NULL, with size and version: not judged yet */
        char *version;
};
void package_note_deinit(struct package_note *note);
#define _cleanup_package_note_ _cleanup_(package_note_deinit)

/* 1: there is none, or none that has a sense. */
int package_note_read(int state_fd, struct package_note *ret, struct error *err) _must_check;
/* On disk when it returns 0. */
int package_note_write(int state_fd, const struct package_note *note, struct error *err) _must_check;
int package_note_remove(int state_fd, struct error *err) _must_check;
