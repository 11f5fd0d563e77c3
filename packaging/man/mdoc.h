/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Makes a man page of a template: a line ".\" @NAME@" is replaced by what the table of that name puts, as
 * items of an mdoc list (mdoc(7)). So nothing can stand in a page that the programs do not know, nor be left
 * out.
 */

#include <stdbool.h>
#include <stddef.h>

struct mdoc_table {
        const char *name;
        void (*put)(void);
};

/* The whole program: its one argument is the template, the page goes to stdout. tables ends with name NULL.
 */
int mdoc_fill(int argc, char **argv, const struct mdoc_table *tables);

/* One word of text, with what mdoc would take for its own made harmless. */
void put_word(const char *word, size_t size, bool first);
/* Text that may not end with a full stop by itself. */
void put_sentence(const char *text);
/* An argument of a macro, with blanks in it or not. */
void put_argument(const char *text);
void put_option_item(const char *name, const char *argument, const char *text);
