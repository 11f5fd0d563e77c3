/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/serialize.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void append_spaces(struct buffer *out, unsigned count)
{
        buffer_append_format(out, "%*s", (int)count, "");
}

static void append_string(struct buffer *out, const char *bytes, size_t size)
{
        buffer_append_string(out, "'");
        for (size_t i = 0; i < size; i++) {
                if (bytes[i] == '\0')
                        buffer_append_string(out, "' . \"\\0\" . '");
                else if (bytes[i] == '\'' || bytes[i] == '\\')
                        buffer_append_format(out, "\\%c", bytes[i]);
                else
                        buffer_append(out, bytes + i, 1);
        }
        buffer_append_string(out, "'");
}

static void append_float(struct buffer *out, double number)
{
        size_t begin = out->size;
        php_append_float_exact(out, number, 'E');
        if (isfinite(number) && strspn(out->data + begin, "-0123456789") == out->size - begin)
                buffer_append_string(out, ".0");
}

static void append_int(struct buffer *out, int64_t number)
{
        /* The smallest one can't be written as a literal. */
        if (number == INT64_MIN)
                buffer_append_format(out, "%" PRIi64 "-1", number + 1);
        else
                buffer_append_format(out, "%" PRIi64, number);
}

static enum php_answer append_value(struct buffer *out, struct php_value value, unsigned depth);

static enum php_answer append_array(struct buffer *out, struct php_value array, unsigned depth)
{
        if (depth >= PHP_SERIALIZE_DEPTH)
                return PHP_NO_CONVERSION; /* one that holds itself, too */
        if (depth > 0) {
                buffer_append_string(out, "\n");
                append_spaces(out, depth * 2);
        }
        buffer_append_string(out, "array (\n");
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                append_spaces(out, depth * 2 + 2);
                if (key.is_string)
                        append_string(out, key.bytes, key.size);
                else
                        buffer_append_format(out, "%" PRIi64, key.integer);
                buffer_append_string(out, " => ");
                enum php_answer answer = append_value(out, value, depth + 1);
                if (answer != PHP_DONE)
                        return answer;
                buffer_append_string(out, ",\n");
        }
        append_spaces(out, depth * 2);
        buffer_append_string(out, ")");
        return PHP_DONE;
}

static enum php_answer append_value(struct buffer *out, struct php_value value, unsigned depth)
{
        if (out->size > PHP_SERIALIZE_SIZE)
                return PHP_NO_CONVERSION;
        switch (value.type) {
        case PHP_TYPE_NULL:
                buffer_append_string(out, "NULL");
                return PHP_DONE;
        case PHP_TYPE_BOOL:
                buffer_append_string(out, value.boolean ? "true" : "false");
                return PHP_DONE;
        case PHP_TYPE_INT:
                append_int(out, value.integer);
                return PHP_DONE;
        case PHP_TYPE_FLOAT:
                append_float(out, value.number);
                return PHP_DONE;
        case PHP_TYPE_STRING:
                append_string(out, php_string_bytes(value), php_string_size(value));
                return PHP_DONE;
        case PHP_TYPE_ARRAY:
                return append_array(out, value, depth);
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

enum php_answer php_export(struct php_value value, struct buffer *out)
{
        return append_value(out, php_look(value), 0);
}
