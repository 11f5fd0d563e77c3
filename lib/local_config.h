/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Mautic's app/config/local.php: read without PHP, edited in place.
 *
 * What is understood: `$parameters = array(…)` or `[…]` (one assignment, later `$parameters['key'] = …;`
 * assignments too), values constant or not. Source: app/config/config.php of mautic/mautic 2.16.5 includes
 * local.php and parameters_local.php, in this order, and takes $parameters. Values that are no constants
 * (function calls, constants, expressions) are kept and can be replaced, but not read. Every byte that is not
 * part of an edited value stays as it was. No I/O here.
 */

#include "lib/error.h"
#include "lib/php_syntax.h"

struct local_config;

/* data is copied. REASON_LOCAL_CONFIG_UNREADABLE with line and column. */
int local_config_parse(const char *data, size_t size, struct local_config **ret, struct error *err)
        _must_check;
void local_config_free(struct local_config *config);
DEFINE_CLEANUP(struct local_config *, local_config_free);

/* 0 with *ret_text (owned) when the key's value is a string, number or boolean ("1", ""); 1 when there is no
 * such key or its value is null; -1 REASON_LOCAL_CONFIG_UNREADABLE when the value is no constant (names line
 * and column). */
int local_config_get(const struct local_config *config, const char *key, char **ret_text, struct error *err)
        _must_check;
enum local_config_presence {
        LOCAL_CONFIG_ABSENT,
        LOCAL_CONFIG_NULL,
        LOCAL_CONFIG_CONSTANT,
        LOCAL_CONFIG_EXPRESSION
};
enum local_config_presence local_config_presence(const struct local_config *config, const char *key);

/* Edits, kept until local_config_render: the value's source is replaced by php_source (a PHP expression), or
 * the element with its comma and line is taken out. 1 when there is no such key. */
int local_config_replace(
        struct local_config *config, const char *key, const char *php_source, struct error *err) _must_check;
int local_config_remove(struct local_config *config, const char *key, struct error *err) _must_check;
/* The edited source, parsed again before it is returned (REASON_INTERNAL if that fails). Owned by the caller.
 */
int local_config_render(
        const struct local_config *config, char **ret_data, size_t *ret_size, struct error *err) _must_check;
/* "'it\\'s'": a PHP single-quoted literal of text, owned by the caller. */
char *local_config_quote(const char *text);
