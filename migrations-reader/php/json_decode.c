/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/json.h"

#include "lib/text.h"

#include <string.h>
#include <strings.h>

#define NESTING_LIMIT 1000

struct decoder {
        const char *text;
        size_t size;
        size_t at;
        unsigned flags;
        int64_t depth_limit;
        int64_t depth;
        const struct php_plain_objects *objects;
        enum php_json_error error;
        bool untold; /* what PHP makes of it is not told here */
};

/* All that read return false with error or untold set; what they give is the caller's only with true. */
static bool decode(struct decoder *decoder, struct php_value *ret);

static bool failed(struct decoder *decoder, enum php_json_error error)
{
        decoder->error = error;
        return false;
}

static bool not_told(struct decoder *decoder)
{
        decoder->untold = true;
        return false;
}

static char byte_at(const struct decoder *decoder, size_t at)
{
        return at < decoder->size ? decoder->text[at] : '\0';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static char skip_space(struct decoder *decoder)
{
        while (decoder->at < decoder->size && strchr(" \t\n\r", decoder->text[decoder->at]) &&
                decoder->text[decoder->at] != '\0')
                decoder->at++;
        return byte_at(decoder, decoder->at);
}

/* ---- strings ---- */

static bool read_hex(const struct decoder *decoder, size_t at, unsigned *ret)
{
        unsigned code = 0;
        for (size_t i = 0; i < 4; i++) {
                char c = byte_at(decoder, at + i);
                unsigned digit;
                if (is_digit(c))
                        digit = (unsigned)(c - '0');
                else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
                        digit = (unsigned)(c & 0x5f) - 'A' + 10;
                else
                        return false;
                code = code << 4 | digit;
        }
        *ret = code;
        return true;
}

/* Behind "\u". */
static bool read_unicode_escape(struct decoder *decoder, struct buffer *out)
{
        unsigned code, low;
        if (!read_hex(decoder, decoder->at, &code))
                return failed(decoder, PHP_JSON_ERROR_SYNTAX);
        decoder->at += 4;
        if (code >= 0xd800 && code <= 0xdfff) {
                bool paired = code < 0xdc00 && byte_at(decoder, decoder->at) == '\\' &&
                              byte_at(decoder, decoder->at + 1) == 'u' &&
                              read_hex(decoder, decoder->at + 2, &low) && low >= 0xdc00 && low <= 0xdfff;
                if (!paired)
                        return failed(decoder, PHP_JSON_ERROR_UTF16);
                decoder->at += 6;
                code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
        }
        text_append_character(out, code);
        return true;
}

static bool read_escape(struct decoder *decoder, struct buffer *out)
{
        static const char letters[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
        char letter = byte_at(decoder, decoder->at++);
        if (letter == 'u')
                return read_unicode_escape(decoder, out);
        for (size_t i = 0; i + 1 < sizeof(letters); i += 2)
                if (letters[i] == letter) {
                        buffer_append(out, &letters[i + 1], 1);
                        return true;
                }
        return failed(decoder, PHP_JSON_ERROR_SYNTAX);
}

static bool bad_utf8(struct decoder *decoder)
{
        if (decoder->flags & (PHP_JSON_INVALID_UTF8_IGNORE | PHP_JSON_INVALID_UTF8_SUBSTITUTE))
                return not_told(decoder);
        return failed(decoder, PHP_JSON_ERROR_UTF8);
}

/* From the opening quote on. */
static bool read_string(struct decoder *decoder, struct buffer *out)
{
        for (decoder->at++; byte_at(decoder, decoder->at) != '"';) {
                const char *text = decoder->text + decoder->at;
                if (decoder->at >= decoder->size || (unsigned char)*text < 0x20)
                        return failed(decoder, PHP_JSON_ERROR_CTRL_CHAR);
                if (*text == '\\') {
                        decoder->at++;
                        if (!read_escape(decoder, out))
                                return false;
                        continue;
                }
                unsigned code;
                size_t length = text_character(text, decoder->size - decoder->at, &code);
                if (length == 0)
                        return bad_utf8(decoder);
                buffer_append(out, text, length);
                decoder->at += length;
        }
        decoder->at++;
        return true;
}

static bool decode_string(struct decoder *decoder, struct php_value *ret)
{
        _cleanup_buffer_ struct buffer text = {0};
        if (!read_string(decoder, &text))
                return false;
        *ret = php_from_buffer(&text);
        return true;
}

/* What stands here can't. PHP reads it whole before it says so: its own fault comes first. */
static bool unexpected(struct decoder *decoder)
{
        unsigned char c = (unsigned char)byte_at(decoder, decoder->at);
        _cleanup_buffer_ struct buffer ignored = {0};
        if (c == '"' && !read_string(decoder, &ignored))
                return false;
        if (decoder->at < decoder->size && c < 0x20)
                return failed(decoder, PHP_JSON_ERROR_CTRL_CHAR);
        unsigned code;
        if (c >= 0x80 && text_character(decoder->text + decoder->at, decoder->size - decoder->at, &code) == 0)
                return bad_utf8(decoder);
        return failed(decoder, PHP_JSON_ERROR_SYNTAX);
}

/* ---- numbers and names ---- */

static size_t skip_digits(const struct decoder *decoder, size_t at)
{
        while (is_digit(byte_at(decoder, at)))
                at++;
        return at;
}

/* The end of the fraction and exponent at `at`, as far as they are whole. */
static size_t fraction_end(const struct decoder *decoder, size_t at)
{
        if (byte_at(decoder, at) == '.' && is_digit(byte_at(decoder, at + 1)))
                at = skip_digits(decoder, at + 1);
        if (byte_at(decoder, at) == 'e' || byte_at(decoder, at) == 'E') {
                size_t digits = at + 1;
                if (byte_at(decoder, digits) == '+' || byte_at(decoder, digits) == '-')
                        digits++;
                if (is_digit(byte_at(decoder, digits)))
                        at = skip_digits(decoder, digits);
        }
        return at;
}

static bool decode_number(struct decoder *decoder, struct php_value *ret)
{
        size_t begin = decoder->at;
        size_t digits = begin + (decoder->text[begin] == '-');
        if (!is_digit(byte_at(decoder, digits)))
                return unexpected(decoder);
        size_t whole = decoder->text[digits] == '0' ? digits + 1 : skip_digits(decoder, digits);
        size_t end = decoder->at = fraction_end(decoder, whole);
        _cleanup_php_value_ struct php_value text = php_bytes(decoder->text + begin, end - begin);
        if (end == whole && php_string_is(text, "-0"))
                return not_told(decoder); /* versions of PHP make an int or a float of it */
        bool numeric;
        struct php_value number;
        (void)php_numeric(text, &numeric, &number);
        if (end == whole && number.type == PHP_TYPE_FLOAT && (decoder->flags & PHP_JSON_BIGINT_AS_STRING))
                number = php_steal(&text);
        *ret = number;
        return true;
}

static bool decode_name(struct decoder *decoder, struct php_value *ret)
{
        static const struct {
                const char *name;
                struct php_value value;
        } names[] = {{"null", {.type = PHP_TYPE_NULL}}, {"true", {.type = PHP_TYPE_BOOL, .boolean = true}},
                {"false", {.type = PHP_TYPE_BOOL, .boolean = false}}};
        const char *text = decoder->text + decoder->at;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                size_t length = strlen(names[i].name);
                if (decoder->size - decoder->at < length || strncasecmp(text, names[i].name, length) != 0)
                        continue;
                if (memcmp(text, names[i].name, length) != 0)
                        return not_told(decoder); /* "TRUE": not in every PHP */
                decoder->at += length;
                *ret = names[i].value;
                return true;
        }
        return unexpected(decoder);
}

/* ---- arrays and objects ---- */

static bool enter(struct decoder *decoder)
{
        decoder->at++;
        if (decoder->depth >= NESTING_LIMIT)
                return not_told(decoder);
        if (++decoder->depth >= decoder->depth_limit)
                return failed(decoder, PHP_JSON_ERROR_DEPTH);
        return true;
}

/* Behind an element: true with *ret_more when a comma follows, without when the end does. */
static bool read_separator(struct decoder *decoder, char end, bool *ret_more)
{
        char c = skip_space(decoder);
        if (c == (end == ']' ? '}' : ']'))
                return failed(decoder, PHP_JSON_ERROR_STATE_MISMATCH);
        if (c != ',' && c != end)
                return unexpected(decoder);
        decoder->at++;
        *ret_more = c == ',';
        return true;
}

static bool decode_elements(struct decoder *decoder, struct php_value *array)
{
        for (bool more = skip_space(decoder) != ']' && byte_at(decoder, decoder->at) != '}'; more;) {
                struct php_value element;
                if (!decode(decoder, &element))
                        return false;
                (void)php_array_append(array, element);
                if (!read_separator(decoder, ']', &more))
                        return false;
                if (!more)
                        return true;
        }
        bool more;
        return read_separator(decoder, ']', &more);
}

static bool decode_array(struct decoder *decoder, struct php_value *ret)
{
        if (!enter(decoder))
                return false;
        _cleanup_php_value_ struct php_value array = php_new_array();
        if (!decode_elements(decoder, &array))
                return false;
        decoder->depth--;
        *ret = php_steal(&array);
        return true;
}

/* Puts a member, whose value is taken, into an array or an object. */
static bool set_member(
        struct decoder *decoder, struct php_value *target, const struct buffer *name, struct php_value value)
{
        const char *bytes = name->data ? name->data : "";
        if (target->type == PHP_TYPE_ARRAY) {
                php_array_set(target, php_key_bytes(bytes, name->size), value);
                return true;
        }
        if (strlen(bytes) != name->size) {
                php_release(value);
                if (bytes[0] == '\0')
                        return failed(decoder, PHP_JSON_ERROR_INVALID_PROPERTY_NAME);
                return not_told(decoder);
        }
        decoder->objects->set(*target, bytes, value);
        return true;
}

static bool decode_member(struct decoder *decoder, struct php_value *target)
{
        _cleanup_buffer_ struct buffer name = {0};
        if (skip_space(decoder) != '"')
                return unexpected(decoder);
        if (!read_string(decoder, &name))
                return false;
        if (skip_space(decoder) != ':')
                return unexpected(decoder);
        decoder->at++;
        struct php_value value;
        return decode(decoder, &value) && set_member(decoder, target, &name, value);
}

static bool decode_members(struct decoder *decoder, struct php_value *target)
{
        bool more = skip_space(decoder) != '}' && byte_at(decoder, decoder->at) != ']';
        if (!more)
                return read_separator(decoder, '}', &more);
        while (more)
                if (!decode_member(decoder, target) || !read_separator(decoder, '}', &more))
                        return false;
        return true;
}

static bool make_object(struct decoder *decoder, struct php_value *ret)
{
        if (decoder->flags & PHP_JSON_OBJECT_AS_ARRAY) {
                *ret = php_new_array();
                return true;
        }
        if (!decoder->objects || !decoder->objects->make(decoder->objects->context, ret))
                return not_told(decoder);
        return true;
}

static bool decode_object(struct decoder *decoder, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        if (!enter(decoder) || !make_object(decoder, &object) || !decode_members(decoder, &object))
                return false;
        decoder->depth--;
        *ret = php_steal(&object);
        return true;
}

static bool decode(struct decoder *decoder, struct php_value *ret)
{
        char c = skip_space(decoder);
        if (c == '[')
                return decode_array(decoder, ret);
        if (c == '{')
                return decode_object(decoder, ret);
        if (c == '"')
                return decode_string(decoder, ret);
        if (c == '-' || is_digit(c))
                return decode_number(decoder, ret);
        return decode_name(decoder, ret);
}

enum php_answer php_json_decode(const char *text, size_t size, unsigned flags, int64_t depth,
        const struct php_plain_objects *objects, struct php_value *ret, enum php_json_error *ret_error)
{
        struct decoder decoder = {
                .text = text, .size = size, .flags = flags, .depth_limit = depth, .objects = objects};
        struct php_value value = PHP_NULL_VALUE;
        bool read = decode(&decoder, &value);
        if (read) {
                skip_space(&decoder);
                if (decoder.at < size) {
                        php_clear(&value);
                        read = unexpected(&decoder);
                }
        }
        if (decoder.untold)
                return PHP_NO_CONVERSION;
        *ret_error = decoder.error;
        if (read)
                *ret = value;
        return PHP_DONE;
}
