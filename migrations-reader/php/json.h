/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * json_encode and json_decode as PHP has them since 7.1: flags, escapes, errors, depth, large numbers.
 * Sources: PHP manual (json), RFC 8259, observation of PHP 8.2.
 */

#include "migrations-reader/php/operators.h"
#include "migrations-reader/php/plain_objects.h"

enum php_json_flags {
        PHP_JSON_HEX_TAG = 1 << 0,
        PHP_JSON_HEX_AMP = 1 << 1,
        PHP_JSON_HEX_APOS = 1 << 2,
        PHP_JSON_HEX_QUOT = 1 << 3,
        PHP_JSON_FORCE_OBJECT = 1 << 4,
        PHP_JSON_NUMERIC_CHECK = 1 << 5,
        PHP_JSON_UNESCAPED_SLASHES = 1 << 6,
        PHP_JSON_PRETTY_PRINT = 1 << 7,
        PHP_JSON_UNESCAPED_UNICODE = 1 << 8,
        PHP_JSON_PARTIAL_OUTPUT_ON_ERROR = 1 << 9,
        PHP_JSON_PRESERVE_ZERO_FRACTION = 1 << 10,
        PHP_JSON_UNESCAPED_LINE_TERMINATORS = 1 << 11,
        PHP_JSON_OBJECT_AS_ARRAY = 1 << 0, /* this and the next: json_decode */
        PHP_JSON_BIGINT_AS_STRING = 1 << 1,
        PHP_JSON_INVALID_UTF8_IGNORE = 1 << 20,
        PHP_JSON_INVALID_UTF8_SUBSTITUTE = 1 << 21,
        PHP_JSON_THROW_ON_ERROR = 1 << 22,
};

enum php_json_error {
        PHP_JSON_ERROR_NONE = 0,
        PHP_JSON_ERROR_DEPTH = 1,
        PHP_JSON_ERROR_STATE_MISMATCH = 2,
        PHP_JSON_ERROR_CTRL_CHAR = 3,
        PHP_JSON_ERROR_SYNTAX = 4,
        PHP_JSON_ERROR_UTF8 = 5,
        PHP_JSON_ERROR_RECURSION = 6,
        PHP_JSON_ERROR_INF_OR_NAN = 7,
        PHP_JSON_ERROR_UNSUPPORTED_TYPE = 8,
        PHP_JSON_ERROR_INVALID_PROPERTY_NAME = 9,
        PHP_JSON_ERROR_UTF16 = 10,
};
const char *php_json_message(enum php_json_error error); /* as json_last_error_msg */

/* PHP_DONE: look at *ret_error; out holds the text when it is NONE (with PARTIAL_OUTPUT_ON_ERROR also
 * otherwise). PHP_NO_CONVERSION: an object that `objects` (or NULL) does not know, or what else is not told.
 */
enum php_answer php_json_encode(struct php_value value, unsigned flags, int64_t depth,
        const struct php_plain_objects *objects, struct buffer *out, enum php_json_error *ret_error)
        _must_check;

/* PHP_DONE: *ret is the caller's when *ret_error is NONE. PHP_NO_CONVERSION: an object but no `objects`, or
 * one that make refused, or what PHP 7 and 8 read differently. */
enum php_answer php_json_decode(const char *text, size_t size, unsigned flags, int64_t depth,
        const struct php_plain_objects *objects, struct php_value *ret, enum php_json_error *ret_error)
        _must_check;
