/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Addresses (URLs), taken apart by libcurl's own parser so that it and we never understand one differently.
 */

#include "lib/error.h"

#include <curl/curl.h>

/* The address for messages, owned by the caller: user, password, query and fragment, which may be secrets,
 * are left out. Never NULL. */
char *address_public(const char *url);

/* One part (CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PATH decoded, …), owned by the caller.
 * REASON_INVALID_ARGUMENT when url is no URL or has no such part. */
int address_part(const char *url, CURLUPart part, char **ret, struct error *err) _must_check;
