/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A command with its arguments as one line of a configuration file: words separated by blanks. Single or
 * double quotes keep blanks together ('two words', --name='a "b"'), and stand for nothing else: there are no
 * escapes, no variables, no patterns and no shell.
 */

#include "lib/error.h"
#include "lib/files.h"

/* The words, in their order; none for an empty line. REASON_INVALID_ARGUMENT when a quote is not closed. */
int command_line_split(const char *line, struct string_list *ret, struct error *err) _must_check;
