/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * SHA-256 as lower-case hex, by libcrypto. A libcrypto that can't compute one is no installation to go on
 * with: the process ends with a sentence, as it does without memory (lib/memory.h). A file's hash is
 * file_sha256 of lib/files.h.
 */

#include "lib/cleanup.h"

#include <stddef.h>

#define SHA256_HEX_SIZE 65 /* 64 digits and the NUL */

void sha256_of(const void *data, size_t size, char ret_hex[SHA256_HEX_SIZE]);

/* The same, piece by piece. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sha256, const void *data, size_t size);
void sha256_finish(struct sha256 *sha256, char ret_hex[SHA256_HEX_SIZE]); /* nothing can be added then */
void sha256_free(struct sha256 *sha256);
DEFINE_CLEANUP(struct sha256 *, sha256_free);
#define _cleanup_sha256_ _cleanup_(sha256_freep)
