/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include "lib/text.h"

#include <strings.h>

/* The mb functions on UTF-8, which is their default. Other encodings, and bytes that are not UTF-8, need PHP.
 */

static enum php_flow check_encoding(struct php_run *run, struct php_call *call, size_t n)
{
        if (!php_given_value(call, n))
                return PHP_OK;
        struct php_value name = php_argument(call, n);
        if (name.type != PHP_TYPE_STRING || (strcasecmp(php_string_bytes(name), "UTF-8") != 0 &&
                                                    strcasecmp(php_string_bytes(name), "UTF8") != 0))
                return php_needs_php(run, "text in another encoding than UTF-8");
        return PHP_OK;
}

static bool is_utf8(struct php_span text)
{
        unsigned code_point;
        for (size_t at = 0; at < text.size;) {
                size_t size = text_character(text.bytes + at, text.size - at, &code_point);
                if (size == 0)
                        return false;
                at += size;
        }
        return true;
}

static enum php_flow argument_text(
        struct php_run *run, struct php_call *call, size_t n, struct php_value *ret)
{
        TRY(php_argument_string(run, call, n, ret));
        if (!is_utf8(php_span_of(*ret)))
                return php_needs_php(run, "text that is not UTF-8");
        return PHP_OK;
}

static bool begins_character(char byte)
{
        return ((unsigned char)byte & 0xc0) != 0x80;
}

static int64_t length_of(struct php_span text)
{
        int64_t length = 0;
        for (size_t i = 0; i < text.size; i++)
                length += begins_character(text.bytes[i]);
        return length;
}

/* The byte at which the character of that number begins; text.size behind the last. */
static size_t place_of(struct php_span text, int64_t character)
{
        for (size_t i = 0; i < text.size; i++)
                if (begins_character(text.bytes[i]) && character-- == 0)
                        return i;
        return text.size;
}

PHP_FUNCTION(length)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(argument_text(run, call, 0, &text));
        TRY(check_encoding(run, call, 1));
        return php_return(call, php_int(length_of(php_span_of(text))));
}

PHP_FUNCTION(part)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t offset;
        int64_t taken = INT64_MAX;
        TRY(argument_text(run, call, 0, &text));
        TRY(php_argument_int(run, call, 1, &offset));
        if (php_given_value(call, 2))
                TRY(php_argument_int(run, call, 2, &taken));
        TRY(check_encoding(run, call, 3));
        struct php_span span = php_span_of(text);
        int64_t size = length_of(span);
        int64_t from = offset > size ? size : offset >= 0 ? offset : offset < -size ? 0 : size + offset;
        int64_t most = size - from;
        int64_t count = taken > most ? most : taken >= 0 ? taken : taken < -most ? 0 : most + taken;
        size_t begin = place_of(span, from);
        return php_return(call, php_bytes(span.bytes + begin, place_of(span, from + count) - begin));
}

static enum php_flow read_needle(struct php_run *run, struct php_call *call, struct php_value *ret)
{
        TRY(argument_text(run, call, 1, ret));
        if (php_string_size(*ret) == 0)
                return php_differs(run, "looking for an empty string");
        return PHP_OK;
}

static enum php_flow find_position(struct php_run *run, struct php_call *call, bool last)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value needle = PHP_NULL_VALUE;
        int64_t offset = 0;
        TRY(argument_text(run, call, 0, &text));
        TRY(read_needle(run, call, &needle));
        TRY(php_optional_int(run, call, 2, &offset));
        TRY(check_encoding(run, call, 3));
        struct php_span span = php_span_of(text);
        int64_t size = length_of(span);
        if (offset < 0 && !last)
                offset += size;
        if (offset < 0 || offset > size)
                return php_differs(run, "looking in a string from there on");
        int64_t found = php_span_find(span, php_span_of(needle), place_of(span, offset));
        for (int64_t next = found; last && next >= 0;) {
                found = next;
                next = php_span_find(span, php_span_of(needle), (size_t)found + 1);
        }
        if (found < 0)
                return php_return(call, php_bool(false));
        return php_return(call, php_int(length_of((struct php_span){span.bytes, (size_t)found})));
}

PHP_FUNCTION(position)
{
        return find_position(run, call, false);
}

PHP_FUNCTION(last_position)
{
        return find_position(run, call, true);
}

/* Unicode's tables of case grow with PHP's versions. */
static enum php_flow change_case(struct php_run *run, struct php_call *call, char (*change)(char))
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(check_encoding(run, call, 1));
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, php_string_bytes(text), php_string_size(text));
        for (size_t i = 0; i < out.size; i++) {
                if (out.data[i] & 0x80)
                        return php_needs_php(run, "upper and lower case beyond ASCII");
                out.data[i] = change(out.data[i]);
        }
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(to_lower)
{
        return change_case(run, call, php_lower);
}

PHP_FUNCTION(to_upper)
{
        return change_case(run, call, php_upper);
}

PHP_FUNCTION(count_parts)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value needle = PHP_NULL_VALUE;
        TRY(argument_text(run, call, 0, &text));
        TRY(read_needle(run, call, &needle));
        TRY(check_encoding(run, call, 2));
        struct php_span span = php_span_of(text);
        struct php_span part = php_span_of(needle);
        int64_t count = 0;
        for (int64_t at = 0; (at = php_span_find(span, part, (size_t)at)) >= 0; at += (int64_t)part.size)
                count++;
        return php_return(call, php_int(count));
}

PHP_FUNCTION(split)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t size = 1;
        TRY(argument_text(run, call, 0, &text));
        TRY(php_optional_int(run, call, 1, &size));
        TRY(check_encoding(run, call, 2));
        if (size < 1)
                return php_differs(run, "mb_str_split() of an invalid length");
        _cleanup_php_value_ struct php_value parts = php_new_array();
        struct php_span span = php_span_of(text);
        while (span.size > 0) {
                TRY(php_step(run));
                size_t end = place_of(span, size);
                php_array_append(&parts, php_bytes(span.bytes, end));
                span = (struct php_span){span.bytes + end, span.size - end};
        }
        return php_return(call, php_steal(&parts));
}

PHP_FUNCTION(is_encoded)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        if (php_argument(call, 0).type == PHP_TYPE_ARRAY)
                return php_needs_php(run, "mb_check_encoding() of an array");
        TRY(php_argument_string(run, call, 0, &text));
        TRY(check_encoding(run, call, 1));
        return php_return(call, php_bool(is_utf8(php_span_of(text))));
}

PHP_FUNCTION(from_latin)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i++)
                text_append_character(&out, (unsigned char)span.bytes[i]);
        return php_return(call, php_from_buffer(&out));
}

const struct php_host_function php_functions_multibyte[] = {
        {"mb_check_encoding", is_encoded, 1, 2, 0, "value,encoding"},
        {"mb_str_split", split, 1, 3, 0, "string,length,encoding"},
        {"mb_strlen", length, 1, 2, 0, "string,encoding"},
        {"mb_strpos", position, 2, 4, 0, "haystack,needle,offset,encoding"},
        {"mb_strrpos", last_position, 2, 4, 0, "haystack,needle,offset,encoding"},
        {"mb_strtolower", to_lower, 1, 2, 0, "string,encoding"},
        {"mb_strtoupper", to_upper, 1, 2, 0, "string,encoding"},
        {"mb_substr", part, 2, 4, 0, "string,start,length,encoding"},
        {"mb_substr_count", count_parts, 2, 3, 0, "haystack,needle,encoding"},
        {"utf8_encode", from_latin, 1, 1, 0, "string"},
        {0},
};
