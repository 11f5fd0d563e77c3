/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "lib/files.h"

/* Adds the mount points below root (absolute, resolved), each once and relative to it, also those of a file
 * system on itself (bind mounts), which no device number gives away. Source: proc(5), mountinfo. */
int mounts_find(const char *root, struct string_list *ret, struct error *err) _must_check;

/* Replaces the octal escapes of mountinfo ("/srv/my\040site") in text by what they stand for. */
void mounts_unescape(char *text);
