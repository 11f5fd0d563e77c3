/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* How wide text is on a terminal: an ideograph takes two columns, an accent that is put on the letter before
 * it none. Source: wcwidth(3) of the locale that main() has set; where that does not know a character it
 * counts for one. */

#include "lib/files.h"

size_t columns_of(const char *text);
/* Cuts text behind so many columns; a character that would stand out goes as a whole. */
void columns_cut(char *text, size_t columns);
/* Appends the lines of text, each at most so many columns wide (at least 1), broken at blanks where there are
 * some. Line feeds of the text begin a line; an empty text is one empty line. */
void columns_wrap(const char *text, size_t columns, struct string_list *ret);
/* Puts '?' for each character that is not ASCII, for a terminal that knows no other. */
void columns_to_ascii(char *text);
