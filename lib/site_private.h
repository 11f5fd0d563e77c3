/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Between site.c (where things are), site_settings.c (what they say) and site_secrets.c (what of it must not
 * be told), for nobody else. */

#include "lib/site.h"

#define PARAMETERS_LOCAL_FILE "app/config/parameters_local.php"

/* %kernel.root_dir% becomes <root>/app. Owned by the caller. */
char *site_replace_placeholder(const struct site *site, const char *text);
/* Absolute, normalised; what is relative starts at the root. REASON_UNSAFE_PATH for a ".." behind a link. */
int site_absolute_path(const struct site *site, const char *path, char **ret, struct error *err) _must_check;
/* PHP source, at most PHP_SOURCE_LIMIT; looked for in the folder that the move puts Mautic 2 into, too. 1
 * when the file is not there. */
int site_read_source(const struct site *site, const char *path, char **ret_data, size_t *ret_size,
        struct error *err) _must_check;
/* Parses what sets the variable. 1 when the file is not there; include as in local_config_parse_variable. */
int site_read_config(const struct site *site, const char *path, const char *variable, const char *include,
        struct local_config **ret, struct error *err) _must_check;
