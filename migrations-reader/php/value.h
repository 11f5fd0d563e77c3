/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Values as PHP has them. A value is passed by content: struct php_value is two words; strings, arrays and
 * objects behind it are counted. Whoever keeps a value holds a count of it (php_copy), and gives it back with
 * php_release. Nothing here is shared between threads.
 *
 * Ownership words: a `struct php_value` parameter is borrowed unless the function says "takes"; a returned
 * one is owned by the caller.
 */

#include "lib/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum php_type {
        PHP_TYPE_NULL,
        PHP_TYPE_BOOL,
        PHP_TYPE_INT,
        PHP_TYPE_FLOAT,
        PHP_TYPE_STRING,
        PHP_TYPE_ARRAY,
        PHP_TYPE_OBJECT,
        /* Only in variables, properties, array elements and by-reference arguments; php_look sees through. */
        PHP_TYPE_REFERENCE,
};

struct php_string; /* immutable bytes */
struct php_array; /* ordered; copied when it is written to while shared */
struct php_object; /* a handle: copies are the same object (interpret.h, host.h) */
struct php_reference; /* one variable with several names */

struct php_value {
        enum php_type type;
        union {
                bool boolean;
                int64_t integer;
                double number;
                struct php_string *string;
                struct php_array *array;
                struct php_object *object;
                struct php_reference *reference;
        };
};

#define PHP_NULL_VALUE ((struct php_value){.type = PHP_TYPE_NULL})
static inline struct php_value php_bool(bool value)
{
        return (struct php_value){.type = PHP_TYPE_BOOL, .boolean = value};
}
static inline struct php_value php_int(int64_t value)
{
        return (struct php_value){.type = PHP_TYPE_INT, .integer = value};
}
static inline struct php_value php_float(double value)
{
        return (struct php_value){.type = PHP_TYPE_FLOAT, .number = value};
}
struct php_value php_text(const char *text); /* a copy of a NUL-terminated string */
struct php_value php_bytes(const char *bytes, size_t size); /* a copy */
/* The buffer's content; the buffer is empty afterwards. */
struct php_value php_from_buffer(struct buffer *buffer);
struct php_value php_new_array(void); /* an empty one */

/* One more count of the same value; of a reference: of the reference. */
struct php_value php_copy(struct php_value value);
/* As elements go from one array into another: a reference stays one while others share it. */
struct php_value php_copy_element(struct php_value element);
void php_release(struct php_value value);
void php_clear(struct php_value *value); /* releases and leaves null */
#define _cleanup_php_value_ _cleanup_(php_clear)
/* Puts `value` (taken) where *target was (released): through a reference when *target is one. */
void php_assign(struct php_value *target, struct php_value value);
/* Moves the value out and leaves null. */
struct php_value php_steal(struct php_value *value);

/* The value behind a reference, or the value itself. Borrowed. */
struct php_value php_look(struct php_value value);
/* Turns *slot into a reference (when it is none) and returns a count of it. */
struct php_value php_make_reference(struct php_value *slot);

/* Strings: bytes end with a NUL that does not count. Valid while the string is. */
const char *php_string_bytes(struct php_value string);
size_t php_string_size(struct php_value string);
bool php_string_is(struct php_value value, const char *text); /* it is a string and has these bytes */
/* *target (a string, or a reference to one) becomes longer; in place when nobody shares it. For `.=`. */
void php_string_append(struct php_value *target, const char *bytes, size_t size);

/* ---- Arrays. Keys are int64_t or bytes; "12" and 12 are the same key, as in PHP. ---- */

struct php_key {
        bool is_string;
        int64_t integer;
        const char *bytes; /* borrowed; when is_string */
        size_t size;
};
struct php_key php_key_int(int64_t key);
struct php_key php_key_bytes(const char *bytes, size_t size); /* decimal integers become integers */
/* The key that a value makes as an offset: null "", bool and float to int, numeric strings to int. false for
 * what PHP refuses (array, object). */
bool php_key_of(struct php_value value, struct php_key *ret);
struct php_value php_key_value(struct php_key key); /* int or string, owned */

size_t php_array_count(struct php_value array);
/* The element, borrowed (a reference is shown as what is behind it), or NULL when there is none. */
const struct php_value *php_array_get(struct php_value array, struct php_key key);
const struct php_value *php_array_get_text(struct php_value array, const char *key);

/* The following make *array an array of its own first when it is shared. *array must be an array. */
void php_array_set(struct php_value *array, struct php_key key, struct php_value value); /* takes value */
void php_array_set_text(struct php_value *array, const char *key, struct php_value value); /* takes value */
/* Behind the largest integer key (PHP 8.3's rule for negative ones is not ours: after -5 comes 0). false when
 * that key would overflow; value is taken in either case. */
bool php_array_append(struct php_value *array, struct php_value value);
bool php_array_remove(struct php_value *array, struct php_key key); /* false: was not there */
/* The element itself, made (null) when it is not there: for nested writes and references. Valid until the
 * next change of the array. */
struct php_value *php_array_slot(struct php_value *array, struct php_key key);
/* The same for a new last element; NULL on overflow. */
struct php_value *php_array_slot_append(struct php_value *array);
/* The next integer key that php_array_append would take; for PHP functions that set it. */
int64_t php_array_next_key(struct php_value array);
void php_array_set_next_key(struct php_value *array, int64_t key);

/* In order: for (size_t at = 0; php_array_next(array, &at, &key, &value);). value is borrowed and seen
 * through references; either may be NULL. `at` stays right when the array is changed meanwhile: what was
 * removed is not told, what was appended is. A walk over the array as it was: hold a php_copy of it. */
bool php_array_next(struct php_value array, size_t *at, struct php_key *ret_key, struct php_value *ret_value);
/* The same, the element as it stands (it may be a reference), for reading. */
bool php_array_next_element(
        struct php_value array, size_t *at, struct php_key *ret_key, const struct php_value **ret_element);
/* The same, for writing: makes *array its own first. */
bool php_array_next_slot(
        struct php_value *array, size_t *at, struct php_key *ret_key, struct php_value **ret_slot);
/* Backwards: the last element before *at (SIZE_MAX at the begin), which is where *at stands afterwards. */
bool php_array_previous(
        struct php_value array, size_t *at, struct php_key *ret_key, struct php_value *ret_value);
/* The internal pointer of reset(), next(), key() …: what php_array_next would go on at. */
size_t php_array_pointer(struct php_value array);
void php_array_set_pointer(struct php_value *array, size_t at);

/* Bytes of all strings and elements that are alive in this thread: the interpreter's memory bound. */
size_t php_memory_used(void);
