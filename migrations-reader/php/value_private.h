/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is behind a value: for value.c, array.c and whoever defines struct php_object. */

#include "migrations-reader/php/value.h"

struct php_string {
        size_t references;
        size_t size;
        size_t capacity; /* bytes that fit before the NUL */
        char bytes[];
};

/* References stand in a list of the thread: a circle of values always goes through one of them or through an
 * object, and whoever ends a run opens the circles (php_break_references). */
struct php_reference {
        size_t references;
        struct php_value value;
        struct php_reference *next, **link;
};

/* struct php_object begins with this. */
struct php_object_head {
        size_t references;
};
/* Frees the object and what it holds; its last reference is gone. The interpreter's. */
void php_object_destroy(struct php_object *object);

/* Sets every reference that is alive in this thread to null. */
void php_break_references(void);

/* Memory that counts for php_memory_used. */
void *php_memory_take(size_t size);
void php_memory_give(void *memory, size_t size);

struct php_string *php_string_new(const char *bytes, size_t size);
void php_string_unref(struct php_string *string);

void php_array_free(struct php_array *array); /* its last reference is gone */
size_t *php_array_references(struct php_array *array);
