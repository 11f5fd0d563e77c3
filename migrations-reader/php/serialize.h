/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * PHP's serialize format, to the byte, and var_export. Bytes in, values out; nothing is called.
 * Sources: the format of ext/standard/var.c and var_unserializer.re of PHP 7.3 and 8.2, by observation.
 *
 * Of objects, those that `objects` knows are written and read; others may have __sleep, __wakeup and the
 * like: PHP_NO_CONVERSION, as for what is nested deeper than PHP_SERIALIZE_DEPTH or longer than
 * PHP_SERIALIZE_SIZE.
 */

#include "migrations-reader/php/operators.h"
#include "migrations-reader/php/plain_objects.h"

#define PHP_SERIALIZE_DEPTH 512
#define PHP_SERIALIZE_SIZE ((size_t)16 << 20)

/* Appends to out. PHP_DONE, PHP_DISAGREE or PHP_NO_CONVERSION. */
enum php_answer php_serialize(
        struct php_value value, const struct php_plain_objects *objects, struct buffer *out) _must_check;

/* PHP_DONE with a value of the caller's; PHP_NOTICE for bytes that PHP refuses: its unserialize is false, and
 * gives "unserialize(): Error at offset … of … bytes" with *ret_offset; PHP_NO_CONVERSION for objects and
 * what else can't be told. What follows a whole value is ignored, as PHP does. */
enum php_answer php_unserialize(const char *bytes, size_t size, const struct php_plain_objects *objects,
        struct php_value *ret, size_t *ret_offset) _must_check;

/* var_export, appended to out. PHP_DONE, or PHP_NO_CONVERSION. */
enum php_answer php_export(struct php_value value, struct buffer *out) _must_check;
