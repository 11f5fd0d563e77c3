/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define WIDTH_LIMIT 100000
#define PRECISION_LIMIT 53 /* PHP's own */
#define DOUBLE_DIGITS 400 /* of the longest fixed notation, before the precision */

/* One %… of a format. */
struct directive {
        char pad;
        bool left;
        bool sign;
        bool precise; /* a precision was told */
        size_t width;
        int precision;
        char letter;
};

/* What is being formatted. */
struct formatting {
        struct php_run *run;
        const char *name; /* of the function */
        struct php_span format;
        size_t at;
        const struct php_value *values;
        size_t count;
        size_t next; /* the value that the next directive without a number takes */
        struct buffer *out;
};

static char peek(const struct formatting *formatting)
{
        return formatting->at < formatting->format.size ? formatting->format.bytes[formatting->at] : '\0';
}

static enum php_flow invalid(const struct formatting *formatting)
{
        return php_differs(formatting->run, "%s with a format that is not valid", formatting->name);
}

static enum php_flow read_number(struct formatting *formatting, size_t limit, size_t *ret)
{
        size_t number = 0;
        for (; isdigit((unsigned char)peek(formatting)); formatting->at++) {
                number = number * 10 + (size_t)(peek(formatting) - '0');
                if (number > limit)
                        return php_needs_php(
                                formatting->run, "%s with a number so large in its format", formatting->name);
        }
        *ret = number;
        return PHP_OK;
}

/* "2$" names the value that is meant. */
static enum php_flow read_position(struct formatting *formatting, size_t *ret_index)
{
        size_t begin = formatting->at;
        size_t number = 0;
        TRY(read_number(formatting, WIDTH_LIMIT, &number));
        if (formatting->at == begin || peek(formatting) != '$') {
                formatting->at = begin;
                *ret_index = SIZE_MAX;
                return PHP_OK;
        }
        formatting->at++;
        if (number == 0)
                return invalid(formatting);
        *ret_index = number - 1;
        return PHP_OK;
}

static enum php_flow read_flags(struct formatting *formatting, struct directive *directive)
{
        for (;; formatting->at++) {
                char byte = peek(formatting);
                if (byte == '0' || byte == ' ') {
                        directive->pad = byte;
                } else if (byte == '-') {
                        directive->left = true;
                } else if (byte == '+') {
                        directive->sign = true;
                } else if (byte == '\'') {
                        if (++formatting->at >= formatting->format.size)
                                return invalid(formatting);
                        directive->pad = peek(formatting);
                } else {
                        return PHP_OK;
                }
        }
}

static enum php_flow read_directive(struct formatting *formatting, struct directive *ret, size_t *ret_index)
{
        *ret = (struct directive){.pad = ' '};
        TRY(read_position(formatting, ret_index));
        TRY(read_flags(formatting, ret));
        TRY(read_number(formatting, WIDTH_LIMIT, &ret->width));
        if (peek(formatting) == '.') {
                size_t precision = 0;
                formatting->at++;
                if (!isdigit((unsigned char)peek(formatting)))
                        return php_needs_php(
                                formatting->run, "%s with a precision that is no number", formatting->name);
                TRY(read_number(formatting, WIDTH_LIMIT, &precision));
                ret->precise = true;
                ret->precision = (int)precision;
        }
        if (peek(formatting) == 'l')
                formatting->at++;
        ret->letter = peek(formatting);
        formatting->at++;
        return PHP_OK;
}

static void append_repeated(struct buffer *out, char byte, size_t count)
{
        for (; count > 0; count--)
                buffer_append(out, &byte, 1);
}

/* A sign goes before the zeros that pad a number. */
static void append_padded(
        struct buffer *out, const struct directive *directive, struct php_span text, bool is_signed)
{
        size_t missing = directive->width > text.size ? directive->width - text.size : 0;
        if (!directive->left) {
                if (is_signed && directive->pad == '0') {
                        buffer_append(out, text.bytes, 1);
                        text = (struct php_span){text.bytes + 1, text.size - 1};
                }
                append_repeated(out, directive->pad, missing);
        }
        buffer_append(out, text.bytes, text.size);
        if (directive->left)
                append_repeated(out, directive->pad, missing);
}

static void append_text(struct buffer *out, struct directive directive, const char *text)
{
        append_padded(out, &directive, (struct php_span){text, strlen(text)}, *text == '-' || *text == '+');
}

static enum php_flow format_string(
        struct formatting *formatting, const struct directive *directive, struct php_value value)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_stringify(formatting->run, value, &text));
        struct php_span span = php_span_of(text);
        if (directive->precise && span.size > (size_t)directive->precision)
                span.size = (size_t)directive->precision;
        append_padded(formatting->out, directive, span, false);
        return PHP_OK;
}

static enum php_flow value_int(struct formatting *formatting, struct php_value value, int64_t *ret)
{
        if (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT)
                return php_needs_php(
                        formatting->run, "%s of an %s as a number", formatting->name, php_type_name(value));
        return php_expect(formatting->run, php_to_int(value, ret), "the conversion to a number");
}

static enum php_flow format_int(
        struct formatting *formatting, struct directive directive, struct php_value value)
{
        int64_t number;
        TRY(value_int(formatting, value, &number));
        if (directive.left && directive.pad == '0')
                directive.pad = ' ';
        char text[32];
        if (directive.letter == 'u')
                snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
        else
                snprintf(text, sizeof(text), directive.sign ? "%+lld" : "%lld", (long long)number);
        append_text(formatting->out, directive, text);
        return PHP_OK;
}

static enum php_flow format_character(struct formatting *formatting, struct php_value value)
{
        int64_t number;
        TRY(value_int(formatting, value, &number));
        char byte = (char)(unsigned char)((uint64_t)number & 0xff);
        buffer_append(formatting->out, &byte, 1);
        return PHP_OK;
}

static enum php_flow format_bits(struct formatting *formatting, const struct directive *directive,
        struct php_value value, unsigned bits)
{
        static const char lower[] = "0123456789abcdef";
        static const char upper[] = "0123456789ABCDEF";
        int64_t number;
        TRY(value_int(formatting, value, &number));
        if (directive->precise)
                return php_needs_php(
                        formatting->run, "%s with a precision for %%%c", formatting->name, directive->letter);
        uint64_t left = (uint64_t)number;
        char text[65];
        size_t at = sizeof(text);
        do {
                uint64_t digit = left & ((1U << bits) - 1);
                text[--at] = directive->letter == 'X' ? upper[digit] : lower[digit];
                left >>= bits;
        } while (left > 0);
        append_padded(formatting->out, directive, (struct php_span){text + at, sizeof(text) - at}, false);
        return PHP_OK;
}

/* PHP's exponents have no leading zeros. */
static void append_exponent(struct buffer *out, char letter, int exponent)
{
        buffer_append_format(out, "%c%c%d", letter, exponent < 0 ? '-' : '+', abs(exponent));
}

static void format_exponential(struct buffer *out, double number, int precision, char letter)
{
        char digits[DOUBLE_DIGITS];
        snprintf(digits, sizeof(digits), "%.*e", precision, number);
        char *exponent = strchr(digits, 'e');
        buffer_append(out, digits, (size_t)(exponent - digits));
        append_exponent(out, letter, atoi(exponent + 1));
}

/* %g: so many digits at most, in the shorter notation; a lonely digit before an exponent gets ".0". */
static void format_general(struct buffer *out, double number, int precision, char letter)
{
        char digits[DOUBLE_DIGITS];
        snprintf(digits, sizeof(digits), "%.*e", precision - 1, number);
        char *mark = strchr(digits, 'e');
        int exponent = atoi(mark + 1);
        char *end = mark;
        if (precision > 1) {
                while (end[-1] == '0')
                        end--;
                if (end[-1] == '.')
                        end--;
        }
        if (exponent >= -4 && exponent < precision) {
                int significant = (int)(end - digits) - (number < 0 ? 1 : 0);
                int decimals = (significant > 1 ? significant - 2 : 0) - exponent;
                buffer_append_format(out, "%.*f", decimals > 0 ? decimals : 0, number);
                return;
        }
        buffer_append(out, digits, (size_t)(end - digits));
        if (!memchr(digits, '.', (size_t)(end - digits)))
                buffer_append_string(out, ".0");
        append_exponent(out, letter, exponent);
}

static enum php_flow format_float(
        struct formatting *formatting, struct directive directive, struct php_value value)
{
        double number;
        if (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT)
                return php_needs_php(
                        formatting->run, "%s of an %s as a number", formatting->name, php_type_name(value));
        TRY(php_expect(formatting->run, php_to_float(value, &number), "the conversion to a number"));
        int precision = directive.precise ? directive.precision : 6;
        if (!isfinite(number) || precision > PRECISION_LIMIT)
                return php_needs_php(
                        formatting->run, "%s of a number without an exact text", formatting->name);
        _cleanup_buffer_ struct buffer text = {0};
        if (number < 0 || (number == 0 && signbit(number)))
                directive.sign = number < 0;
        if (directive.sign && number >= 0)
                buffer_append_string(&text, "+");
        if (number == 0)
                number = 0;
        if (strchr("eE", directive.letter))
                format_exponential(&text, number, precision, directive.letter);
        else if (strchr("fF", directive.letter))
                buffer_append_format(&text, "%.*f", precision, number);
        else
                format_general(
                        &text, number, precision == 0 ? 1 : precision, directive.letter == 'g' ? 'e' : 'E');
        append_text(formatting->out, directive, text.data);
        return PHP_OK;
}

static enum php_flow format_value(
        struct formatting *formatting, const struct directive *directive, struct php_value value)
{
        switch (directive->letter) {
        case 's':
                return format_string(formatting, directive, value);
        case 'd':
        case 'u':
                return format_int(formatting, *directive, value);
        case 'c':
                return format_character(formatting, value);
        case 'b':
                return format_bits(formatting, directive, value, 1);
        case 'o':
                return format_bits(formatting, directive, value, 3);
        case 'x':
        case 'X':
                return format_bits(formatting, directive, value, 4);
        case 'e':
        case 'E':
        case 'f':
        case 'F':
        case 'g':
        case 'G':
                return format_float(formatting, *directive, value);
        }
        return invalid(formatting);
}

static enum php_flow format_next(struct formatting *formatting)
{
        struct directive directive;
        size_t index = SIZE_MAX;
        TRY(php_step(formatting->run));
        TRY(read_directive(formatting, &directive, &index));
        if (directive.letter == '%') /* "%5%" and the like too */
                return php_needs_php(formatting->run, "%s with a padded %%", formatting->name);
        if (index == SIZE_MAX)
                index = formatting->next++;
        if (index >= formatting->count)
                return php_differs(formatting->run, "%s with too few arguments", formatting->name);
        return format_value(formatting, &directive, php_look(formatting->values[index]));
}

enum php_flow php_format_values(struct php_run *run, const char *name, struct php_span format,
        const struct php_value *values, size_t count, struct buffer *out)
{
        struct formatting formatting = {
                .run = run, .name = name, .format = format, .values = values, .count = count, .out = out};
        while (formatting.at < format.size) {
                const char *begin = format.bytes + formatting.at;
                const char *mark = memchr(begin, '%', format.size - formatting.at);
                size_t plain = mark ? (size_t)(mark - begin) : format.size - formatting.at;
                buffer_append(out, begin, plain);
                formatting.at += plain;
                if (!mark)
                        break;
                formatting.at++;
                if (peek(&formatting) == '%' && formatting.at < format.size) {
                        buffer_append_string(out, "%");
                        formatting.at++;
                        continue;
                }
                TRY(format_next(&formatting));
        }
        return PHP_OK;
}

static enum php_flow format_arguments(
        struct php_run *run, struct php_call *call, const char *name, struct buffer *out)
{
        _cleanup_php_value_ struct php_value format = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &format));
        return php_format_values(run, name, php_span_of(format), call->arguments + 1, call->count - 1, out);
}

static enum php_flow format_array(
        struct php_run *run, struct php_call *call, const char *name, struct buffer *out)
{
        _cleanup_php_value_ struct php_value format = PHP_NULL_VALUE;
        struct php_value array;
        TRY(php_argument_string(run, call, 0, &format));
        if (php_argument(call, 1).type != PHP_TYPE_ARRAY)
                return php_differs(run, "%s without an array", name);
        TRY(php_argument_array(run, call, 1, &array));
        size_t count = php_array_count(array);
        _cleanup_free_ struct php_value *values = memory_new_array(count + 1, sizeof(*values));
        size_t i = 0;
        for (size_t at = 0; php_array_next(array, &at, NULL, &values[i]);)
                i++;
        return php_format_values(run, name, php_span_of(format), values, count, out);
}

PHP_FUNCTION(format_to_string)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(format_arguments(run, call, "sprintf()", &out));
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(format_array_to_string)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(format_array(run, call, "vsprintf()", &out));
        return php_return(call, php_from_buffer(&out));
}

/* What is printed goes to the console, which nobody reads here. */
PHP_FUNCTION(format_to_output)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(format_arguments(run, call, "printf()", &out));
        return php_return(call, php_int((int64_t)out.size));
}

PHP_FUNCTION(format_array_to_output)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(format_array(run, call, "vprintf()", &out));
        return php_return(call, php_int((int64_t)out.size));
}

/* The digits of a number with the separators. */
static void append_grouped(
        struct buffer *out, const char *digits, struct php_span point, struct php_span separator)
{
        const char *decimals = strchr(digits, '.');
        size_t whole = decimals ? (size_t)(decimals - digits) : strlen(digits);
        for (size_t i = 0; i < whole; i++) {
                if (i > 0 && (whole - i) % 3 == 0)
                        buffer_append(out, separator.bytes, separator.size);
                buffer_append(out, digits + i, 1);
        }
        if (decimals) {
                buffer_append(out, point.bytes, point.size);
                buffer_append_string(out, decimals + 1);
        }
}

PHP_FUNCTION(format_number)
{
        double number;
        int64_t decimals = 0;
        _cleanup_php_value_ struct php_value point = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value separator = PHP_NULL_VALUE;
        TRY(php_argument_float(run, call, 0, &number));
        TRY(php_optional_int(run, call, 1, &decimals));
        TRY(php_optional_string(run, call, 2, ".", &point));
        TRY(php_optional_string(run, call, 3, ",", &separator));
        if (call->count == 3 || (php_given(call, 2) && !php_given_value(call, 2)) ||
                (php_given(call, 3) && !php_given_value(call, 3)) || decimals < 0)
                return php_differs(run, "number_format() with these arguments");
        if (!isfinite(number) || decimals > PRECISION_LIMIT)
                return php_needs_php(run, "number_format() of a number without an exact text");
        double rounded = php_round(number, (int)decimals);
        if (rounded == 0 && signbit(number))
                return php_differs(run, "number_format() of a negative number near zero");
        _cleanup_free_ char *digits = string_format("%.*f", (int)decimals, fabs(rounded));
        _cleanup_buffer_ struct buffer out = {0};
        if (rounded < 0)
                buffer_append_string(&out, "-");
        append_grouped(&out, digits, php_span_of(point), php_span_of(separator));
        return php_return(call, php_from_buffer(&out));
}

const struct php_host_function php_functions_format[] = {
        {"number_format", format_number, 1, 4, 0, "num,decimals,decimal_separator,thousands_separator"},
        {"printf", format_to_output, 1, PHP_ANY, 0, NULL},
        {"sprintf", format_to_string, 1, PHP_ANY, 0, NULL},
        {"vprintf", format_array_to_output, 2, 2, 0, "format,values"},
        {"vsprintf", format_array_to_string, 2, 2, 0, "format,values"},
        {0},
};
