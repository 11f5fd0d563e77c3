/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Text that came from somewhere else (file names, a server's message), made fit for where it goes. */

#include "lib/memory.h"

#include <stdbool.h>
#include <stddef.h>

/* Returns the length in bytes (1 to 4) of the well-formed UTF-8 character at text and its code point, or 0
 * when the bytes there are none. Source: RFC 3629. */
size_t text_character(const char *text, size_t size, unsigned *ret_code_point);
/* Appends the UTF-8 bytes of a code point, a surrogate's as well: those below 0x200000 have some. */
void text_append_character(struct buffer *buffer, unsigned code_point);

/* What a hexadecimal digit of either case counts; -1: it is none. */
int text_hex_digit(char digit);

/* Returns a copy in which each byte that is not UTF-8 is replaced by U+FFFD; NULL stays NULL. For JSON. */
char *text_valid(const char *text);
/* That copy as a JSON string, NULL as JSON's null; owned by the caller. */
struct json_t *text_json(const char *text);
/* text_valid of bytes among which may be NUL; *ret_size: what the copy holds. */
char *text_valid_bytes(const char *text, size_t size, size_t *ret_size);

/* Returns a copy fit for a terminal: control characters (C0, DEL, C1), characters that turn the direction
 * of writing and bytes that are not UTF-8 become '?', so that no text can move the cursor, recolour or
 * disguise itself. keep_lines: line feeds and tabs stay; else they become spaces. NULL stays NULL. */
char *text_printable(const char *text, bool keep_lines);

/* Returns a copy in which each place of old (not empty) is replaced by new; owned by the caller. */
char *text_replace(const char *text, const char *old, const char *new);

/* Returns text as one word of a POSIX shell, in quotes where it needs them; owned by the caller. */
char *text_shell_word(const char *text);

/* Returns text as lines of no more than so many bytes behind a margin of each (a longer word has a line of
 * its own), without a line feed at the end; owned by the caller. Runs of spaces count for one. */
char *text_wrap(const char *text, size_t size, const char *margin);

/* Columns that text takes on a terminal, a character counting for one. */
size_t text_columns(const char *text);
/* Cuts text behind so many columns. */
void text_cut(char *text, size_t columns);

/* Appends what a program said as one line: terminal sequences are taken out, white space and control
 * characters become one space (none in front of an empty buffer, none at the end), the rest as in
 * text_printable. */
void text_append_clean(struct buffer *buffer, const char *text);
/* The last `limit` bytes (at least 8) of a UTF-8 text, "…" in front when that is not all of it; owned by the
 * caller. */
char *text_tail(const char *text, size_t limit);
