/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include "migrations-reader/php/run_private.h"

#include <stdarg.h>
#include <string.h>

struct php_span php_span_of(struct php_value string)
{
        return (struct php_span){php_string_bytes(string), php_string_size(string)};
}

enum php_flow php_optional_int(struct php_run *run, const struct php_call *call, size_t n, int64_t *ret)
{
        return php_given(call, n) ? php_argument_int(run, call, n, ret) : PHP_OK;
}

enum php_flow php_optional_bool(struct php_run *run, const struct php_call *call, size_t n, bool *ret)
{
        return php_given(call, n) ? php_argument_bool(run, call, n, ret) : PHP_OK;
}

enum php_flow php_optional_string(struct php_run *run, const struct php_call *call, size_t n,
        const char *otherwise, struct php_value *ret)
{
        if (php_given(call, n))
                return php_argument_string(run, call, n, ret);
        *ret = php_text(otherwise);
        return PHP_OK;
}

enum php_flow php_differs(struct php_run *run, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *what = string_format_list(format, arguments);
        va_end(arguments);
        return php_needs_php(run, "%s, which PHP 7 and PHP 8 answer differently", what);
}

enum php_flow php_expect(struct php_run *run, enum php_answer answer, const char *doing)
{
        switch (answer) {
        case PHP_DONE:
        case PHP_NOTICE:
                return PHP_OK;
        case PHP_DISAGREE:
                return php_differs(run, "%s", doing);
        case PHP_TYPE_ERROR:
        case PHP_DIVISION_BY_ZERO:
        case PHP_ARITHMETIC_ERROR:
        case PHP_NO_CONVERSION:
                break;
        }
        return php_needs_php(run, "%s", doing);
}

void php_put_argument(const struct php_call *call, size_t n, struct php_value value)
{
        struct php_value slot = call->arguments[n];
        php_assign(&slot, value);
}

enum php_flow php_check_callable(struct php_run *run, const struct php_call *call, size_t n)
{
        struct php_target target;
        bool callable = false;
        TRY(php_callable_target(run, php_argument(call, n), &target, &callable));
        if (callable)
                return PHP_OK;
        if (php_argument(call, n).type == PHP_TYPE_STRING)
                return php_needs_php(run, "the callback %s", php_string_bytes(php_argument(call, n)));
        return php_differs(run, "a callback that can't be called");
}

int64_t php_span_find(struct php_span text, struct php_span needle, size_t from)
{
        if (from > text.size)
                return -1;
        const char *found = memmem(text.bytes + from, text.size - from, needle.bytes, needle.size);
        return found ? found - text.bytes : -1;
}

char php_lower(char byte)
{
        return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

char php_upper(char byte)
{
        return byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
}

bool php_space(char byte)
{
        return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

struct php_value php_lowered(struct php_value string)
{
        struct php_span text = php_span_of(string);
        _cleanup_buffer_ struct buffer lowered = {0};
        buffer_append(&lowered, text.bytes, text.size);
        for (size_t i = 0; i < lowered.size; i++)
                lowered.data[i] = php_lower(lowered.data[i]);
        return php_from_buffer(&lowered);
}

int php_span_compare(struct php_span left, struct php_span right, bool fold)
{
        size_t common = left.size < right.size ? left.size : right.size;
        for (size_t i = 0; i < common; i++) {
                unsigned char a = (unsigned char)(fold ? php_lower(left.bytes[i]) : left.bytes[i]);
                unsigned char b = (unsigned char)(fold ? php_lower(right.bytes[i]) : right.bytes[i]);
                if (a != b)
                        return a < b ? -1 : 1;
        }
        return left.size == right.size ? 0 : left.size < right.size ? -1 : 1;
}

/* ---- natural order ---- */

struct reader {
        const char *at;
        const char *end;
};

static bool is_digit(const struct reader *reader)
{
        return reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9';
}

static char byte_at(const struct reader *reader)
{
        return reader->at < reader->end ? *reader->at : '\0';
}

/* Whole numbers: the longer is greater; among equally long ones the first difference counts. */
static int compare_whole(struct reader *left, struct reader *right)
{
        int first = 0;
        for (; is_digit(left) && is_digit(right); left->at++, right->at++)
                if (first == 0 && *left->at != *right->at)
                        first = *left->at < *right->at ? -1 : 1;
        if (is_digit(left) || is_digit(right))
                return is_digit(left) ? 1 : -1;
        return first;
}

/* Numbers that begin with 0 are compared digit by digit, as decimals are. */
static int compare_decimals(struct reader *left, struct reader *right)
{
        for (; is_digit(left) && is_digit(right); left->at++, right->at++)
                if (*left->at != *right->at)
                        return *left->at < *right->at ? -1 : 1;
        if (is_digit(left) || is_digit(right))
                return is_digit(left) ? 1 : -1;
        return 0;
}

static void skip_zeros(struct reader *reader)
{
        for (; reader->end - reader->at > 1 && *reader->at == '0'; reader->at++)
                if (reader->at[1] < '0' || reader->at[1] > '9')
                        break;
}

static void skip_spaces(struct reader *reader)
{
        while (reader->at < reader->end && php_space(*reader->at))
                reader->at++;
}

static int compare_ends(const struct reader *left, const struct reader *right)
{
        bool left_over = left->at >= left->end;
        bool right_over = right->at >= right->end;
        return left_over == right_over ? 0 : left_over ? -1 : 1;
}

int php_natural_compare(struct php_span left, struct php_span right, bool fold)
{
        struct reader a = {left.bytes, left.bytes + left.size};
        struct reader b = {right.bytes, right.bytes + right.size};
        if (left.size == 0 || right.size == 0)
                return (left.size > 0) - (right.size > 0);
        skip_zeros(&a);
        skip_zeros(&b);
        for (;; a.at++, b.at++) {
                skip_spaces(&a);
                skip_spaces(&b);
                if (is_digit(&a) && is_digit(&b)) {
                        bool decimals = *a.at == '0' || *b.at == '0';
                        int order = decimals ? compare_decimals(&a, &b) : compare_whole(&a, &b);
                        if (order != 0)
                                return order;
                        if (a.at >= a.end || b.at >= b.end)
                                return compare_ends(&a, &b);
                }
                unsigned char x = (unsigned char)(fold ? php_upper(byte_at(&a)) : byte_at(&a));
                unsigned char y = (unsigned char)(fold ? php_upper(byte_at(&b)) : byte_at(&b));
                if (x != y)
                        return x < y ? -1 : 1;
                if (a.end - a.at <= 1 || b.end - b.at <= 1) {
                        a.at++;
                        b.at++;
                        return compare_ends(&a, &b);
                }
        }
}
