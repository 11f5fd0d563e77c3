/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What stands in a site's own configuration (local.php, and parameters_local.php above it): what of it may be
 * told, and what must be hidden wherever else it stands. */

#include "lib/redact.h"

/* Hides all that may not be told, as lib/redact.h does; also that of the local.php that was kept in the state
 * folder (state_path, NULL: none). What can't be read or is not understood becomes a doubt. */
void site_secrets_hide(struct redactor *redactor, const char *root, const char *state_path);
/* {key: text} of what local.php says and may be told, "an expression" for what is no constant. */
int site_secrets_told(const char *root, json_t **ret, struct error *err) _must_check;
