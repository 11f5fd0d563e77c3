/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Mautic's app/config/local.php: read without PHP, edited in place.
 *
 * What is understood, as top-level statements in this order of running:
 *
 *         $parameters = array(…) or […];                     the base; what was before it counts no more
 *         $parameters = array_merge($parameters, […], …);    literal arrays and $parameters itself
 *         $parameters['key'] = …;                            constant keys
 *         $parameters['key']['deeper'] = …; .= and the like  the key counts as an expression from then on
 *
 * with values constant or not, and any other statement that can't change $parameters. The last one of a
 * doubled key holds, as in PHP. Anything else that names $parameters, a return, or what could change it
 * unseen (include, eval, extract, $$name, $GLOBALS) behind the base makes the file unreadable: nothing is
 * evaluated, nothing guessed. Values that are no constants (function calls, arrays, expressions) are kept and
 * can be replaced, but not read. Every byte that is not part of an edited value stays as it was. No I/O here.
 *
 * Sources (mautic/mautic 2.16.5): app/AppKernel.php (getLocalParams) and app/config/parameters.php include
 * local.php, then parameters_local.php, and merge $parameters; the file is written by
 * app/bundles/CoreBundle/Configurator/Configurator.php (render) and by upgrade_v3.php.
 */

#include "lib/error.h"
#include "lib/php_syntax.h"

struct local_config;

/* data is copied. REASON_LOCAL_CONFIG_UNREADABLE with line and column. */
int local_config_parse(const char *data, size_t size, struct local_config **ret, struct error *err)
        _must_check;
/* The same for another variable ("paths"), or for a file that goes on where another one left the variable and
 * may merge it before it sets it. An include of __DIR__.'/<include>' is let through when the caller
 * reads that file itself; include may be NULL. */
int local_config_parse_variable(const char *data, size_t size, const char *variable, const char *include,
        struct local_config **ret, struct error *err) _must_check;
void local_config_free(struct local_config *config);
DEFINE_CLEANUP(struct local_config *, local_config_free);

/* 0 with *ret_text (owned) when the key's value is a string, number or boolean ("1", ""); 1 when there is no
 * such key or its value is null; -1 REASON_LOCAL_CONFIG_UNREADABLE when the value is no constant (names line
 * and column). */
int local_config_get(const struct local_config *config, const char *key, char **ret_text, struct error *err)
        _must_check;
/* The i-th key that the file sets, in its order (one that is set twice is there twice), borrowed; "" for a
 * number or none, NULL behind the last. */
const char *local_config_key(const struct local_config *config, size_t index);
enum local_config_presence {
        LOCAL_CONFIG_ABSENT,
        LOCAL_CONFIG_NULL,
        LOCAL_CONFIG_CONSTANT,
        LOCAL_CONFIG_EXPRESSION
};
enum local_config_presence local_config_presence(const struct local_config *config, const char *key);

/* The value that holds, in its tree, both valid until local_config_free. 1 when there is no such key or it
 * was changed by parts. */
int local_config_value(const struct local_config *config, const char *key, const struct php_tree **ret_tree,
        TSNode *ret_value) _must_check;
/* True when the file begins anew with a whole array, so that what another file set before counts no more. */
bool local_config_has_base(const struct local_config *config);

/* Edits, kept until local_config_render (local_config_get goes on answering from the source): the value's
 * source is replaced by php_source (a PHP expression), or the element with its comma is taken out, with its
 * line and a comment behind it when it has the line to itself. Of a doubled key the one that holds is
 * replaced, all are removed. The last edit of a key counts. 1 when there is no such key; -1
 * REASON_LOCAL_CONFIG_UNREADABLE when it is changed by parts. */
int local_config_replace(
        struct local_config *config, const char *key, const char *php_source, struct error *err) _must_check;
int local_config_remove(struct local_config *config, const char *key, struct error *err) _must_check;
/* The edited source. Parsed again before it is returned: every edited key has its new value, every other one
 * its old, or REASON_INTERNAL. Owned by the caller. */
int local_config_render(
        const struct local_config *config, char **ret_data, size_t *ret_size, struct error *err) _must_check;
/* "'it\\'s'": a PHP single-quoted literal of text, owned by the caller. */
char *local_config_quote(const char *text);
