/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the PHP of the command line says about itself. */

#include "lib/cancel.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/files.h"

#include <stdbool.h>
#include <stddef.h>

struct php_facts {
        char *path; /* absolute */
        char *version; /* "7.3.33", without a distribution's suffix */
        char *memory_limit; /* php.ini's, as it stands there */
        char *disabled_functions; /* comma-separated, "" when none */
        struct string_list extensions; /* in small letters */
};
void php_facts_deinit(struct php_facts *facts);
#define _cleanup_php_facts_ _cleanup_(php_facts_deinit)

/* Whether a release made for `oldest` to `newest` runs on this PHP. */
bool php_version_is_between(const char *version, const char *oldest, const char *newest);

/* Runs php (the configuration's php.path) once. REASON_PROGRAM_MISSING, REASON_PROGRAM_FAILED. */
int php_probe(const struct config *config, const int *keep_fds, size_t keep_count, struct cancel *cancel,
        struct php_facts *ret, struct error *err) _must_check;
