/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A parameter of Mautic's configuration, for migrations that ask the container for it. */

#include "lib/error.h"

/* site: a struct site. 0 with *ret_text (owned; NULL for null), 1 when local.php does not set it, -1 when it
 * is no constant there, or the file can't be understood. As struct migration_world has it. */
int site_parameter(void *site, const char *name, char **ret_text, struct error *err) _must_check;
