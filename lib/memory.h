/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Memory that is always there.
 *
 * A failed allocation ends the process with a sentence on stderr. That is safe by design: to the
 * checkpoint it is the same as kill -9, and the next start goes on where this one stood. Sizes that come
 * from outside are bounded before they reach these functions.
 */

#include "lib/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All return memory owned by the caller, to be released with free(). */
void *memory_new(size_t size) _returns_nonnull; /* zeroed */
void *memory_new_array(
        size_t count, size_t size) _returns_nonnull; /* zeroed; overflow of count * size ends the process */
void *memory_resize(void *memory, size_t count, size_t size) _returns_nonnull;
/* For a list that grows by one at a time, only by this: room for one more behind its `count` items, doubled
 * at 1, 2, 4, 8 …, so that a long list is not copied for each. */
void *memory_grow(void *items, size_t count, size_t size);
void *memory_copy(const void *data, size_t size) _returns_nonnull; /* one NUL byte is added behind the copy */
char *string_copy(const char *text); /* NULL stays NULL */
char *string_format(const char *format, ...) _printf(1, 2);
char *string_format_list(const char *format, va_list arguments) _printf(1, 0);

/* Replaces *target (freed) by value (owned from now on). */
void string_replace(char **target, char *value);

/* True when both are NULL or equal. */
int string_equal(const char *left, const char *right);
/* Neither may be NULL; of text no byte is looked at behind the first that differs. */
bool string_begins(const char *text, const char *beginning);

/* Frees a vector of strings that ends with NULL, and the strings; NULL is fine. */
void strings_free(char **strings);
DEFINE_CLEANUP(char **, strings_free);
#define _cleanup_strings_ _cleanup_(strings_freep)
/* Without the NULL; of NULL 0. */
size_t strings_count(char *const *strings);
/* Of NULL NULL. */
char **strings_copy(char *const *strings);
void strings_add(char ***strings, char *string); /* takes string */

/* A growing byte buffer; a zeroed struct is an empty one. data is always NUL-terminated when not NULL. */
struct buffer {
        char *data;
        size_t size; /* bytes in use, the NUL not counted */
        size_t capacity; /* bytes allocated */
};

void buffer_deinit(struct buffer *buffer);
void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_append_string(struct buffer *buffer, const char *text);
void buffer_append_format(struct buffer *buffer, const char *format, ...) _printf(2, 3);
void buffer_append_hex(struct buffer *buffer, const unsigned char *bytes, size_t size); /* lower case */
/* Hands the text over (never NULL) and leaves the buffer empty. */
char *buffer_steal(struct buffer *buffer);

#define _cleanup_buffer_ _cleanup_(buffer_deinit)
