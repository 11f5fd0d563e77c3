/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the PHP of the command line says about itself. */

#include "lib/cancel.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/files.h"

#include <stdbool.h>
#include <stddef.h>

/* What the configuration asks of the PHP of the command line. */
enum php_use {
        PHP_NEEDED, /* for the consoles */
        PHP_OPTIONAL, /* taken where it fits, done without where it does not */
        PHP_UNUSED, /* never started, whether it is there or not */
};
enum php_use php_use_of(const struct config *config);

/* Source: composer.json of mautic/mautic 2.16.5 ("php": ">=5.6.19 <7.4") and app/release_metadata.json of
 * 3.0.2, which is what package.url names unless it is set. */
#define MAUTIC_2_OLDEST_PHP "5.6.19"
#define MAUTIC_2_NEWEST_PHP "7.3.99"
#define MAUTIC_3_OLDEST_PHP "7.2.21"
#define MAUTIC_3_NEWEST_PHP "7.3.99"

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

/* The absolute path of php.path; 1 when there is none, or when it is set to nothing. */
int php_find(const struct config *config, char **ret_path, struct error *err) _must_check;

/* Runs php (the configuration's php.path) once. REASON_PROGRAM_MISSING, REASON_PROGRAM_FAILED. */
int php_probe(const struct config *config, const int *keep_fds, size_t keep_count, struct cancel *cancel,
        struct php_facts *ret, struct error *err) _must_check;
