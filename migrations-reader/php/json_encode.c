/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/json.h"

#include "lib/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define NESTING_LIMIT 1000
#define SIZE_LIMIT ((size_t)64 << 20)

struct encoder {
        struct buffer *out;
        unsigned flags;
        int64_t depth_limit;
        const struct php_plain_objects *objects;
        int64_t depth;
        enum php_json_error error;
        bool ended; /* by the error; but INF and NaN are found and then gone past */
};

static enum php_answer encode(struct encoder *encoder, struct php_value value);

/* What can be written in part only, with PARTIAL_OUTPUT_ON_ERROR or the flags for bad UTF-8, is left to PHP.
 */
static enum php_answer failed(struct encoder *encoder, enum php_json_error error)
{
        const unsigned lenient = PHP_JSON_PARTIAL_OUTPUT_ON_ERROR | PHP_JSON_INVALID_UTF8_IGNORE |
                                 PHP_JSON_INVALID_UTF8_SUBSTITUTE;
        if (encoder->flags & lenient)
                return PHP_NO_CONVERSION;
        encoder->error = error;
        encoder->ended = error != PHP_JSON_ERROR_INF_OR_NAN;
        return PHP_DONE;
}

static void append_float(struct encoder *encoder, double number, bool zero_fraction)
{
        size_t begin = encoder->out->size;
        php_append_float_exact(encoder->out, number, 'e');
        if (zero_fraction && !strchr(encoder->out->data + begin, '.'))
                buffer_append_string(encoder->out, ".0");
}

/* ---- strings ---- */

static void append_utf16(struct buffer *out, unsigned code)
{
        if (code >= 0x10000) {
                code -= 0x10000;
                buffer_append_format(out, "\\u%04x\\u%04x", 0xd800 | code >> 10, 0xdc00 | (code & 0x3ff));
        } else {
                buffer_append_format(out, "\\u%04x", code);
        }
}

static void append_character(struct encoder *encoder, const char *bytes, size_t size, unsigned code)
{
        bool line_end = code == 0x2028 || code == 0x2029;
        bool plain = (encoder->flags & PHP_JSON_UNESCAPED_UNICODE) &&
                     (!line_end || (encoder->flags & PHP_JSON_UNESCAPED_LINE_TERMINATORS));
        if (plain)
                buffer_append(encoder->out, bytes, size);
        else
                append_utf16(encoder->out, code);
}

static void append_ascii(struct encoder *encoder, char c)
{
        static const struct {
                char c;
                const char *escape;
                unsigned only_with; /* flag; 0: always */
                unsigned not_with;
        } escapes[] = {
                {'"', "\\u0022", PHP_JSON_HEX_QUOT, 0},
                {'"', "\\\"", 0, 0},
                {'\\', "\\\\", 0, 0},
                {'/', "\\/", 0, PHP_JSON_UNESCAPED_SLASHES},
                {'\b', "\\b", 0, 0},
                {'\f', "\\f", 0, 0},
                {'\n', "\\n", 0, 0},
                {'\r', "\\r", 0, 0},
                {'\t', "\\t", 0, 0},
                {'<', "\\u003C", PHP_JSON_HEX_TAG, 0},
                {'>', "\\u003E", PHP_JSON_HEX_TAG, 0},
                {'&', "\\u0026", PHP_JSON_HEX_AMP, 0},
                {'\'', "\\u0027", PHP_JSON_HEX_APOS, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
                if (escapes[i].c == c && !(encoder->flags & escapes[i].not_with) &&
                        (!escapes[i].only_with || (encoder->flags & escapes[i].only_with))) {
                        buffer_append_string(encoder->out, escapes[i].escape);
                        return;
                }
        if ((unsigned char)c < 0x20)
                append_utf16(encoder->out, (unsigned char)c);
        else
                buffer_append(encoder->out, &c, 1);
}

static enum php_answer append_string(struct encoder *encoder, const char *bytes, size_t size)
{
        buffer_append_string(encoder->out, "\"");
        for (size_t at = 0; at < size;) {
                unsigned code = 0;
                size_t length = text_character(bytes + at, size - at, &code);
                if (length == 0)
                        return failed(encoder, PHP_JSON_ERROR_UTF8);
                if (length == 1)
                        append_ascii(encoder, bytes[at]);
                else
                        append_character(encoder, bytes + at, length, code);
                at += length;
        }
        buffer_append_string(encoder->out, "\"");
        return PHP_DONE;
}

static enum php_answer encode_string(struct encoder *encoder, struct php_value string)
{
        if (encoder->flags & PHP_JSON_NUMERIC_CHECK) {
                bool numeric = false;
                struct php_value number = PHP_NULL_VALUE;
                if (php_numeric(string, &numeric, &number) != PHP_DONE)
                        return PHP_NO_CONVERSION;
                if (numeric && number.type == PHP_TYPE_FLOAT && !isfinite(number.number))
                        return PHP_NO_CONVERSION;
                if (numeric && number.type == PHP_TYPE_FLOAT) {
                        append_float(encoder, number.number, false);
                        return PHP_DONE;
                }
                if (numeric)
                        return encode(encoder, number);
        }
        return append_string(encoder, php_string_bytes(string), php_string_size(string));
}

/* ---- arrays ---- */

static bool is_list(struct php_value array)
{
        struct php_key key;
        int64_t expected = 0;
        for (size_t at = 0; php_array_next(array, &at, &key, NULL); expected++)
                if (key.is_string || key.integer != expected)
                        return false;
        return true;
}

static void new_line(struct encoder *encoder)
{
        if (encoder->flags & PHP_JSON_PRETTY_PRINT)
                buffer_append_format(encoder->out, "\n%*s", (int)encoder->depth * 4, "");
}

static enum php_answer append_key(struct encoder *encoder, struct php_key key)
{
        enum php_answer answer = PHP_DONE;
        if (key.is_string) {
                /* A key is never written as a number. */
                unsigned flags = encoder->flags;
                encoder->flags &= ~(unsigned)PHP_JSON_NUMERIC_CHECK;
                answer = append_string(encoder, key.bytes, key.size);
                encoder->flags = flags;
        } else {
                buffer_append_format(encoder->out, "\"%" PRIi64 "\"", key.integer);
        }
        buffer_append_string(encoder->out, encoder->flags & PHP_JSON_PRETTY_PRINT ? ": " : ":");
        return answer;
}

static enum php_answer append_elements(struct encoder *encoder, struct php_value array, bool as_object)
{
        struct php_key key;
        struct php_value value;
        enum php_answer answer = PHP_DONE;
        bool first = true;
        for (size_t at = 0; php_array_next(array, &at, &key, &value); first = false) {
                buffer_append_string(encoder->out, first ? "" : ",");
                new_line(encoder);
                if (as_object)
                        answer = append_key(encoder, key);
                if (answer == PHP_DONE && !encoder->ended)
                        answer = encode(encoder, value);
                if (answer != PHP_DONE || encoder->ended)
                        return answer;
        }
        return PHP_DONE;
}

/* An array, or an object's properties. */
static enum php_answer encode_array(struct encoder *encoder, struct php_value array, bool is_object)
{
        bool as_object = is_object || (encoder->flags & PHP_JSON_FORCE_OBJECT) || !is_list(array);
        if (encoder->depth >= NESTING_LIMIT)
                return PHP_NO_CONVERSION;
        encoder->depth++;
        buffer_append_string(encoder->out, as_object ? "{" : "[");
        enum php_answer answer = append_elements(encoder, array, as_object);
        if (answer != PHP_DONE || encoder->ended)
                return answer;
        if (encoder->depth > encoder->depth_limit)
                return failed(encoder, PHP_JSON_ERROR_DEPTH);
        encoder->depth--;
        if (php_array_count(array) > 0)
                new_line(encoder);
        buffer_append_string(encoder->out, as_object ? "}" : "]");
        return PHP_DONE;
}

static enum php_answer encode_object(struct encoder *encoder, struct php_value object)
{
        const struct php_plain_objects *objects = encoder->objects;
        struct php_value properties;
        if (!objects || !objects->properties(objects->context, object, &properties))
                return PHP_NO_CONVERSION;
        return encode_array(encoder, properties, true);
}

static enum php_answer encode(struct encoder *encoder, struct php_value value)
{
        if (encoder->out->size > SIZE_LIMIT)
                return PHP_NO_CONVERSION;
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_NULL:
                buffer_append_string(encoder->out, "null");
                return PHP_DONE;
        case PHP_TYPE_BOOL:
                buffer_append_string(encoder->out, value.boolean ? "true" : "false");
                return PHP_DONE;
        case PHP_TYPE_INT:
                buffer_append_format(encoder->out, "%" PRIi64, value.integer);
                return PHP_DONE;
        case PHP_TYPE_FLOAT:
                if (!isfinite(value.number))
                        return failed(encoder, PHP_JSON_ERROR_INF_OR_NAN);
                append_float(encoder, value.number, encoder->flags & PHP_JSON_PRESERVE_ZERO_FRACTION);
                return PHP_DONE;
        case PHP_TYPE_STRING:
                return encode_string(encoder, value);
        case PHP_TYPE_ARRAY:
                return encode_array(encoder, value, false);
        case PHP_TYPE_OBJECT:
                return encode_object(encoder, value);
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

enum php_answer php_json_encode(struct php_value value, unsigned flags, int64_t depth,
        const struct php_plain_objects *objects, struct buffer *out, enum php_json_error *ret_error)
{
        struct encoder encoder = {.out = out, .flags = flags, .depth_limit = depth, .objects = objects};
        enum php_answer answer = encode(&encoder, value);
        if (answer == PHP_DONE)
                *ret_error = encoder.error;
        return answer;
}

const char *php_json_message(enum php_json_error error)
{
        static const char *const messages[] = {
                [PHP_JSON_ERROR_NONE] = "No error",
                [PHP_JSON_ERROR_DEPTH] = "Maximum stack depth exceeded",
                [PHP_JSON_ERROR_STATE_MISMATCH] = "State mismatch (invalid or malformed JSON)",
                [PHP_JSON_ERROR_CTRL_CHAR] = "Control character error, possibly incorrectly encoded",
                [PHP_JSON_ERROR_SYNTAX] = "Syntax error",
                [PHP_JSON_ERROR_UTF8] = "Malformed UTF-8 characters, possibly incorrectly encoded",
                [PHP_JSON_ERROR_RECURSION] = "Recursion detected",
                [PHP_JSON_ERROR_INF_OR_NAN] = "Inf and NaN cannot be JSON encoded",
                [PHP_JSON_ERROR_UNSUPPORTED_TYPE] = "Type is not supported",
                [PHP_JSON_ERROR_INVALID_PROPERTY_NAME] = "The decoded property name is invalid",
                [PHP_JSON_ERROR_UTF16] = "Single unpaired high surrogate in Unicode escape",
        };
        return messages[error];
}
