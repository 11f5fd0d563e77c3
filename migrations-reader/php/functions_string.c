/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/* Longer results than this need PHP: more than any statement is, and far below the run's memory. */
#define STRING_LIMIT ((size_t)32 << 20)

PHP_FUNCTION(string_length)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        return php_return(call, php_int((int64_t)php_string_size(text)));
}

/* The only argument with each byte put through `change`. */
static enum php_flow map_bytes(struct php_run *run, struct php_call *call, char (*change)(char))
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, php_string_bytes(text), php_string_size(text));
        for (size_t i = 0; i < out.size; i++)
                out.data[i] = change(out.data[i]);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(to_lower)
{
        return map_bytes(run, call, php_lower);
}

PHP_FUNCTION(to_upper)
{
        return map_bytes(run, call, php_upper);
}

static enum php_flow map_first(struct php_run *run, struct php_call *call, char (*change)(char))
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, php_string_bytes(text), php_string_size(text));
        if (out.size > 0)
                out.data[0] = change(out.data[0]);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(upper_first)
{
        return map_first(run, call, php_upper);
}

PHP_FUNCTION(lower_first)
{
        return map_first(run, call, php_lower);
}

/* A set of bytes written as trim() takes it: "a..z" is a range. */
struct byte_set {
        bool has[256];
};

static bool range_at(struct php_span list, size_t at)
{
        return list.size - at > 3 && list.bytes[at + 1] == '.' && list.bytes[at + 2] == '.' &&
               (unsigned char)list.bytes[at + 3] >= (unsigned char)list.bytes[at];
}

static enum php_flow read_byte_set(struct php_run *run, struct php_span list, struct byte_set *ret)
{
        memset(ret, 0, sizeof(*ret));
        for (size_t i = 0; i < list.size; i++) {
                unsigned char first = (unsigned char)list.bytes[i];
                unsigned char last = first;
                if (range_at(list, i)) {
                        last = (unsigned char)list.bytes[i + 3];
                        i += 3;
                } else if (list.size - i > 1 && list.bytes[i] == '.' && list.bytes[i + 1] == '.') {
                        return php_needs_php(run, "a list of characters with an invalid range");
                }
                for (unsigned c = first; c <= last; c++)
                        ret->has[c] = true;
        }
        return PHP_OK;
}

static enum php_flow trim_sides(struct php_run *run, struct php_call *call, bool left, bool right)
{
        static const char blanks[] = {' ', '\n', '\r', '\t', '\v', '\0'};
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value list = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        if (php_given(call, 1))
                TRY(php_argument_string(run, call, 1, &list));
        else
                list = php_bytes(blanks, sizeof(blanks));
        struct byte_set set;
        TRY(read_byte_set(run, php_span_of(list), &set));
        struct php_span span = php_span_of(text);
        while (left && span.size > 0 && set.has[(unsigned char)span.bytes[0]])
                span = (struct php_span){span.bytes + 1, span.size - 1};
        while (right && span.size > 0 && set.has[(unsigned char)span.bytes[span.size - 1]])
                span.size--;
        return php_return(call, php_span_value(span));
}

PHP_FUNCTION(trim_both)
{
        return trim_sides(run, call, true, true);
}

PHP_FUNCTION(trim_left)
{
        return trim_sides(run, call, true, false);
}

PHP_FUNCTION(trim_right)
{
        return trim_sides(run, call, false, true);
}

PHP_FUNCTION(upper_words)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value list = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_string(run, call, 1, " \t\r\n\f\v", &list));
        struct byte_set delimiters;
        TRY(read_byte_set(run, php_span_of(list), &delimiters));
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, php_string_bytes(text), php_string_size(text));
        for (size_t i = 0; i < out.size; i++)
                if (i == 0 || delimiters.has[(unsigned char)out.data[i - 1]])
                        out.data[i] = php_upper(out.data[i]);
        return php_return(call, php_from_buffer(&out));
}

static void append_cycled(struct buffer *out, struct php_span pad, size_t size)
{
        for (; size >= pad.size; size -= pad.size)
                buffer_append(out, pad.bytes, pad.size);
        buffer_append(out, pad.bytes, size);
}

enum { PAD_LEFT, PAD_RIGHT, PAD_BOTH };

PHP_FUNCTION(pad_string)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value pad = PHP_NULL_VALUE;
        int64_t length;
        int64_t side = PAD_RIGHT;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_argument_int(run, call, 1, &length));
        TRY(php_optional_string(run, call, 2, " ", &pad));
        TRY(php_optional_int(run, call, 3, &side));
        struct php_span span = php_span_of(text);
        if (length < 0 || (uint64_t)length <= span.size)
                return php_return(call, php_copy(text));
        if (php_string_size(pad) == 0 || side < PAD_LEFT || side > PAD_BOTH)
                return php_differs(run, "str_pad() with an invalid padding");
        if ((uint64_t)length > STRING_LIMIT)
                return php_needs_php(run, "a string of %lld bytes", (long long)length);
        size_t missing = (size_t)length - span.size;
        size_t left = side == PAD_LEFT ? missing : side == PAD_BOTH ? missing / 2 : 0;
        _cleanup_buffer_ struct buffer out = {0};
        append_cycled(&out, php_span_of(pad), left);
        buffer_append(&out, span.bytes, span.size);
        append_cycled(&out, php_span_of(pad), missing - left);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(repeat_string)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t times;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_argument_int(run, call, 1, &times));
        if (times < 0)
                return php_differs(run, "str_repeat() with a negative number");
        struct php_span span = php_span_of(text);
        if (span.size > 0 && (uint64_t)times > STRING_LIMIT / span.size)
                return php_needs_php(run, "a string repeated %lld times", (long long)times);
        _cleanup_buffer_ struct buffer out = {0};
        if (span.size > 0)
                append_cycled(&out, span, span.size * (size_t)times);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(reverse_string)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = span.size; i-- > 0;)
                buffer_append(&out, span.bytes + i, 1);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(split_string)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t length = 1;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_int(run, call, 1, &length));
        struct php_span span = php_span_of(text);
        if (length < 1 || span.size == 0)
                return php_differs(
                        run, "str_split() of %s", length < 1 ? "an invalid length" : "an empty string");
        _cleanup_php_value_ struct php_value parts = php_new_array();
        for (size_t i = 0; i < span.size; i += (size_t)length) {
                TRY(php_step(run));
                size_t size = span.size - i < (uint64_t)length ? span.size - i : (size_t)length;
                php_array_append(&parts, php_bytes(span.bytes + i, size));
                if ((uint64_t)length >= span.size)
                        break;
        }
        return php_return(call, php_steal(&parts));
}

PHP_FUNCTION(chunk_split)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value end = PHP_NULL_VALUE;
        int64_t length = 76;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_int(run, call, 1, &length));
        TRY(php_optional_string(run, call, 2, "\r\n", &end));
        if (length < 1)
                return php_differs(run, "chunk_split() with an invalid length");
        struct php_span span = php_span_of(text);
        struct php_span tail = php_span_of(end);
        if (tail.size > 0 && span.size / (uint64_t)length > STRING_LIMIT / tail.size)
                return php_needs_php(run, "chunk_split() of a text so long");
        _cleanup_buffer_ struct buffer out = {0};
        size_t at = 0;
        do {
                size_t size = span.size - at < (uint64_t)length ? span.size - at : (size_t)length;
                buffer_append(&out, span.bytes + at, size);
                buffer_append(&out, tail.bytes, tail.size);
                at += size;
        } while (at < span.size);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(lines_to_breaks)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        bool xhtml = true;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_bool(run, call, 1, &xhtml));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i++) {
                char byte = span.bytes[i];
                if (byte != '\n' && byte != '\r') {
                        buffer_append(&out, &byte, 1);
                        continue;
                }
                char other = byte == '\n' ? '\r' : '\n';
                size_t size = i + 1 < span.size && span.bytes[i + 1] == other ? 2 : 1;
                buffer_append_string(&out, xhtml ? "<br />" : "<br>");
                buffer_append(&out, span.bytes + i, size);
                i += size - 1;
        }
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(add_slashes)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i++) {
                char byte = span.bytes[i];
                if (byte == '\0') {
                        buffer_append_string(&out, "\\0");
                        continue;
                }
                if (byte == '\'' || byte == '"' || byte == '\\')
                        buffer_append_string(&out, "\\");
                buffer_append(&out, &byte, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(strip_slashes)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i++) {
                char byte = span.bytes[i];
                if (byte == '\\') {
                        if (++i == span.size)
                                break;
                        byte = span.bytes[i] == '0' ? '\0' : span.bytes[i];
                }
                buffer_append(&out, &byte, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(to_ordinal)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        return php_return(call, php_int((unsigned char)php_string_bytes(text)[0]));
}

PHP_FUNCTION(to_character)
{
        int64_t code;
        TRY(php_argument_int(run, call, 0, &code));
        char byte = (char)(unsigned char)((uint64_t)code & 0xff);
        return php_return(call, php_bytes(&byte, 1));
}

const struct php_host_function php_functions_string[] = {
        {"addslashes", add_slashes, 1, 1, 0, "string"},
        {"chop", trim_right, 1, 2, 0, "string,characters"},
        {"chr", to_character, 1, 1, 0, "codepoint"},
        {"chunk_split", chunk_split, 1, 3, 0, "string,length,separator"},
        {"lcfirst", lower_first, 1, 1, 0, "string"},
        {"ltrim", trim_left, 1, 2, 0, "string,characters"},
        {"nl2br", lines_to_breaks, 1, 2, 0, "string,use_xhtml"},
        {"ord", to_ordinal, 1, 1, 0, "character"},
        {"rtrim", trim_right, 1, 2, 0, "string,characters"},
        {"str_pad", pad_string, 2, 4, 0, "string,length,pad_string,pad_type"},
        {"str_repeat", repeat_string, 2, 2, 0, "string,times"},
        {"str_split", split_string, 1, 2, 0, "string,length"},
        {"stripslashes", strip_slashes, 1, 1, 0, "string"},
        {"strlen", string_length, 1, 1, 0, "string"},
        {"strrev", reverse_string, 1, 1, 0, "string"},
        {"strtolower", to_lower, 1, 1, 0, "string"},
        {"strtoupper", to_upper, 1, 1, 0, "string"},
        {"trim", trim_both, 1, 2, 0, "string,characters"},
        {"ucfirst", upper_first, 1, 1, 0, "string"},
        {"ucwords", upper_words, 1, 2, 0, "string,separators"},
        {0},
};
