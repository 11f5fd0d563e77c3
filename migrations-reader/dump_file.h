/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lib/error.h"

#include <stddef.h>

#define DUMP_FILE_LIMIT ((size_t)1024 * 1024 * 1024) /* bytes, unpacked */

/* The text of an SQL dump, plain or packed by gzip or zstd; owned by the caller, a NUL behind it. One that is
 * larger than the limit: REASON_INVALID_ARGUMENT, which tells how to dump the schema alone. */
int dump_file_read(const char *path, char **ret_text, size_t *ret_size, struct error *err) _must_check;
