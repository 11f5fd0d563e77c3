/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The bearer token of the TCP listener. Only its hash is kept: nothing can print it. */

#include "lib/error.h"
#include "lib/sha256.h"

#include <stdbool.h>

#define TOKEN_LEAST 32
#define TOKEN_MOST 512

struct token {
        char hash[SHA256_HEX_SIZE]; /* "": there is none, and nothing fits */
};

/* The file's one line. It must be the own user's and closed to all others, and the line hard to guess:
 * REASON_CONFIGURATION_INVALID. */
int token_load(const char *path, struct token *ret, struct error *err) _must_check;
/* Whether the header Authorization ("Bearer …"; NULL: not given) holds it; takes as long whatever differs. */
bool token_fits(const struct token *token, const char *authorization);
