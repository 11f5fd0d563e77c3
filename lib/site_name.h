/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lib/error.h"

/* The names that a site may have: they become parts of file names and of systemd's unit names as they are.
 * REASON_INVALID_ARGUMENT for any other. */
int site_name_check(const char *name, struct error *err) _must_check;
