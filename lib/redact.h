/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Text that leaves the machine, without what must not: secrets that are known, and what looks like one of a
 * visitor's or customer's. What is hidden becomes "***".
 *
 * Hidden in any case: e-mail addresses, user and password of a URL ("://user:password@") and its query, the
 * values that a database server quotes in its messages ("Duplicate entry '…'", "… value: '…'") and the
 * parameters of Doctrine's ("with params […]").
 */

#include "lib/error.h"

#include <jansson.h>
#include <stdbool.h>

struct redactor;
struct redactor *redactor_new(void);
void redactor_free(struct redactor *redactor);
DEFINE_CLEANUP(struct redactor *, redactor_free);

/* From now on secret is hidden, also with the escapes of PHP, JSON, SQL and URLs, in what PHP's stack traces
 * cut, and each longer line of one that has several. One of fewer than 4 bytes is hidden where it stands as a
 * word of its own. NULL is fine. */
void redactor_hide(struct redactor *redactor, const char *secret);
/* From now on every text in this PHP file (a local.php) is hidden that is at least 4 bytes long and no key,
 * but for those in `but` (ends with NULL), and the value of each environment variable that it reads. What a
 * key that redactor_names_secret has, is hidden in any case. */
void redactor_hide_php(struct redactor *redactor, const char *source, const char *const *but);
/* "db_password", "secret_key" and the like. */
bool redactor_names_secret(const char *key);

/* There is something to hide that is not known, for this reason (the first one is kept): what comes from
 * elsewhere must not be told at all then. redactor_hide and redactor_hide_php find such reasons themselves:
 * more secrets than can be looked for, a value that PHP takes from where this program can't. */
void redactor_doubt(struct redactor *redactor, const char *format, ...) _printf(2, 3);
/* That reason, borrowed; NULL: none. */
const char *redactor_doubts(const struct redactor *redactor);

/* Owned by the caller; what is no UTF-8 is replaced. */
char *redactor_text(const struct redactor *redactor, const char *text);
/* A copy in which each text is redacted, also in JSON that stands in a text; names of members stay. */
json_t *redactor_json(const struct redactor *redactor, const json_t *value);
