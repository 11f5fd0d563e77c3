/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/operators.h"

#include "migrations-reader/php/operators_private.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* ---- numbers in strings ---- */

static bool is_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static size_t skip_digits(const char *bytes, size_t size, size_t at)
{
        while (at < size && is_digit(bytes[at]))
                at++;
        return at;
}

/* Where the fraction and exponent end that begin at `at`; `at` when there are none. */
static size_t skip_fraction(const char *bytes, size_t size, size_t at)
{
        if (at < size && bytes[at] == '.')
                at = skip_digits(bytes, size, at + 1);
        if (at < size && (bytes[at] == 'e' || bytes[at] == 'E')) {
                size_t digits = at + 1;
                if (digits < size && (bytes[digits] == '+' || bytes[digits] == '-'))
                        digits++;
                if (digits < size && is_digit(bytes[digits]))
                        at = skip_digits(bytes, size, digits);
        }
        return at;
}

static bool read_integer(const char *bytes, size_t size, int64_t *ret)
{
        bool negative = bytes[0] == '-';
        uint64_t number = 0;
        for (size_t at = bytes[0] == '-' || bytes[0] == '+'; at < size; at++) {
                unsigned digit = (unsigned)(bytes[at] - '0');
                if (number > ((uint64_t)INT64_MAX + negative - digit) / 10)
                        return false;
                number = number * 10 + digit;
        }
        *ret = (int64_t)(negative ? 0 - number : number);
        return true;
}

static double read_float(const char *bytes, size_t size)
{
        char small[64];
        if (size < sizeof(small)) {
                memcpy(small, bytes, size);
                small[size] = '\0';
                return strtod(small, NULL);
        }
        _cleanup_free_ char *text = memory_copy(bytes, size);
        return strtod(text, NULL);
}

static enum php_number_kind kind_of_rest(const char *bytes, size_t size, size_t at)
{
        if (at == size)
                return PHP_NUMBER_WHOLE;
        while (at < size && is_space(bytes[at]))
                at++;
        return at == size ? PHP_NUMBER_SPACE : PHP_NUMBER_LEADING;
}

struct php_number php_read_number(const char *bytes, size_t size)
{
        struct php_number number = {.value = php_int(0)};
        size_t begin = 0;
        while (begin < size && is_space(bytes[begin]))
                begin++;
        size_t at = begin;
        if (at < size && (bytes[at] == '-' || bytes[at] == '+'))
                at++;
        size_t digits = at;
        at = skip_digits(bytes, size, at);
        bool has_digits = at > digits || (at + 1 < size && bytes[at] == '.' && is_digit(bytes[at + 1]));
        if (!has_digits)
                return number;
        size_t end = skip_fraction(bytes, size, at);
        number.kind = kind_of_rest(bytes, size, end);
        int64_t integer;
        if (end == at && read_integer(bytes + begin, end - begin, &integer)) {
                number.value = php_int(integer);
                return number;
        }
        number.value = php_float(read_float(bytes + begin, end - begin));
        if (end == at)
                number.overflow = bytes[begin] == '-' ? -1 : 1;
        return number;
}

enum php_answer php_numeric(struct php_value string, bool *ret_numeric, struct php_value *ret)
{
        string = php_look(string);
        struct php_number number = php_read_number(php_string_bytes(string), php_string_size(string));
        if (number.kind == PHP_NUMBER_SPACE)
                return PHP_DISAGREE;
        *ret_numeric = number.kind == PHP_NUMBER_WHOLE;
        if (*ret_numeric)
                *ret = number.value;
        return PHP_DONE;
}

/* ---- bool, int, float ---- */

bool php_truth(struct php_value value)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_BOOL:
                return value.boolean;
        case PHP_TYPE_INT:
                return value.integer != 0;
        case PHP_TYPE_FLOAT:
                return value.number != 0;
        case PHP_TYPE_STRING:
                return php_string_size(value) > 0 && !php_string_is(value, "0");
        case PHP_TYPE_ARRAY:
                return php_array_count(value) > 0;
        case PHP_TYPE_OBJECT:
                return true;
        case PHP_TYPE_NULL:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return false;
}

int64_t php_float_to_int(double number)
{
        if (!isfinite(number))
                return 0;
        if (number >= -0x1p63 && number < 0x1p63)
                return (int64_t)number;
        double rest = fmod(trunc(number), 0x1p64); /* exact */
        if (rest < 0)
                rest += 0x1p64;
        return (int64_t)(uint64_t)rest;
}

/* A number in a string that is no int ends at the limits instead; what PHP 7 and 8 make of an infinite one
 * differs. */
static enum php_answer limited(double number, int64_t *ret)
{
        if (!isfinite(number))
                return PHP_DISAGREE;
        if (number >= 0x1p63)
                *ret = INT64_MAX;
        else if (number < -0x1p63)
                *ret = INT64_MIN;
        else
                *ret = (int64_t)number;
        return PHP_DONE;
}

enum php_answer php_to_int(struct php_value value, int64_t *ret)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_NULL:
        case PHP_TYPE_BOOL:
        case PHP_TYPE_ARRAY:
                *ret = php_truth(value);
                return PHP_DONE;
        case PHP_TYPE_INT:
                *ret = value.integer;
                return PHP_DONE;
        case PHP_TYPE_FLOAT:
                *ret = php_float_to_int(value.number);
                return PHP_DONE;
        case PHP_TYPE_STRING: {
                struct php_value number =
                        php_read_number(php_string_bytes(value), php_string_size(value)).value;
                if (number.type == PHP_TYPE_FLOAT)
                        return limited(number.number, ret);
                *ret = number.integer;
                return PHP_DONE;
        }
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

static double float_of(struct php_value number)
{
        return number.type == PHP_TYPE_FLOAT ? number.number : (double)number.integer;
}

static double float_in(struct php_value string)
{
        double number = float_of(php_read_number(php_string_bytes(string), php_string_size(string)).value);
        /* As an int "-0" has no sign; as a float it has. */
        bool negative = php_string_bytes(string)[strspn(php_string_bytes(string), " \t\n\v\f\r")] == '-';
        return number == 0 && negative ? -0.0 : number;
}

enum php_answer php_to_float(struct php_value value, double *ret)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_NULL:
        case PHP_TYPE_BOOL:
        case PHP_TYPE_ARRAY:
                *ret = php_truth(value);
                return PHP_DONE;
        case PHP_TYPE_INT:
        case PHP_TYPE_FLOAT:
                *ret = float_of(value);
                return PHP_DONE;
        case PHP_TYPE_STRING:
                *ret = float_in(value);
                return PHP_DONE;
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

/* ---- floats as text ---- */

struct decimal {
        char digits[32]; /* without trailing zeros, at least one */
        int point; /* the number is 0.DIGITS times 10 to this */
};

/* The number (positive, finite) rounded to `count` digits. */
static struct decimal decimal_of(double number, int count)
{
        struct decimal decimal;
        char text[48];
        (void)snprintf(text, sizeof(text), "%.*e", count - 1, number);
        char *exponent = strchr(text, 'e');
        decimal.point = atoi(exponent + 1) + 1;
        size_t size = 0;
        for (const char *c = text; c < exponent; c++)
                if (is_digit(*c))
                        decimal.digits[size++] = *c;
        while (size > 1 && decimal.digits[size - 1] == '0')
                size--;
        decimal.digits[size] = '\0';
        return decimal;
}

static bool reads_back(const struct decimal *decimal, double number)
{
        char text[64];
        (void)snprintf(text, sizeof(text), "0.%se%d", decimal->digits, decimal->point);
        return strtod(text, NULL) == number;
}

/* The next larger number of `count` digits. */
static void step_up(struct decimal *decimal, int count)
{
        int size = (int)strlen(decimal->digits);
        while (size < count)
                decimal->digits[size++] = '0';
        while (size > 0 && decimal->digits[size - 1] == '9')
                size--;
        if (size > 0) {
                decimal->digits[size - 1]++;
        } else {
                decimal->digits[size++] = '1';
                decimal->point++;
        }
        decimal->digits[size] = '\0';
}

/* The fewest digits that read back as the same number, and among these the nearest. Below a power of two
 * floats are twice as dense as above it: there the nearest may miss it while the next one does not. */
static struct decimal shortest_decimal(double number)
{
        int exponent;
        bool power_of_two = frexp(number, &exponent) == 0.5;
        for (int count = 1; count < 17; count++) {
                struct decimal decimal = decimal_of(number, count);
                if (reads_back(&decimal, number))
                        return decimal;
                step_up(&decimal, count);
                if (power_of_two && reads_back(&decimal, number))
                        return decimal;
        }
        return decimal_of(number, 17);
}

static void append_exponential(struct buffer *out, const struct decimal *decimal, char letter)
{
        int exponent = decimal->point - 1;
        const char *rest = decimal->digits[1] ? decimal->digits + 1 : "0";
        buffer_append_format(out, "%c.%s%c%+d", decimal->digits[0], rest, letter, exponent);
}

static void append_zeros(struct buffer *out, int count)
{
        for (int i = 0; i < count; i++)
                buffer_append(out, "0", 1);
}

static void append_plain(struct buffer *out, const struct decimal *decimal)
{
        int size = (int)strlen(decimal->digits);
        if (decimal->point <= 0) {
                buffer_append_string(out, "0.");
                append_zeros(out, -decimal->point);
                buffer_append_string(out, decimal->digits);
        } else if (decimal->point >= size) {
                buffer_append_string(out, decimal->digits);
                append_zeros(out, decimal->point - size);
        } else {
                buffer_append(out, decimal->digits, (size_t)decimal->point);
                buffer_append_string(out, ".");
                buffer_append_string(out, decimal->digits + decimal->point);
        }
}

/* precision 0: the fewest digits. */
static void append_float(struct buffer *out, double number, int precision, char exponent)
{
        if (isnan(number)) {
                buffer_append_string(out, "NAN");
                return;
        }
        if (signbit(number))
                buffer_append_string(out, "-");
        if (isinf(number) || number == 0) {
                buffer_append_string(out, number == 0 ? "0" : "INF");
                return;
        }
        number = fabs(number);
        struct decimal decimal = precision ? decimal_of(number, precision) : shortest_decimal(number);
        if (decimal.point < -3 || decimal.point > (precision ? precision : 17))
                append_exponential(out, &decimal, exponent);
        else
                append_plain(out, &decimal);
}

void php_append_float(struct buffer *out, double number)
{
        append_float(out, number, 14, 'E');
}

void php_append_float_exact(struct buffer *out, double number, char exponent)
{
        append_float(out, number, 0, exponent);
}

/* ---- string ---- */

enum php_answer php_to_string(struct php_value value, struct php_value *ret)
{
        value = php_look(value);
        _cleanup_buffer_ struct buffer text = {0};
        switch (value.type) {
        case PHP_TYPE_NULL:
                *ret = php_text("");
                return PHP_DONE;
        case PHP_TYPE_BOOL:
                *ret = php_text(value.boolean ? "1" : "");
                return PHP_DONE;
        case PHP_TYPE_INT:
                buffer_append_format(&text, "%" PRIi64, value.integer);
                *ret = php_from_buffer(&text);
                return PHP_DONE;
        case PHP_TYPE_FLOAT:
                php_append_float(&text, value.number);
                *ret = php_from_buffer(&text);
                return PHP_DONE;
        case PHP_TYPE_STRING:
                *ret = php_copy(value);
                return PHP_DONE;
        case PHP_TYPE_ARRAY:
                *ret = php_text("Array");
                return PHP_NOTICE;
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return PHP_NO_CONVERSION;
}

/* ---- keys ---- */

bool php_key_of(struct php_value value, struct php_key *ret)
{
        value = php_look(value);
        switch (value.type) {
        case PHP_TYPE_NULL:
                *ret = php_key_bytes("", 0);
                return true;
        case PHP_TYPE_BOOL:
                *ret = php_key_int(value.boolean);
                return true;
        case PHP_TYPE_INT:
                *ret = php_key_int(value.integer);
                return true;
        case PHP_TYPE_FLOAT:
                *ret = php_key_int(php_float_to_int(value.number));
                return true;
        case PHP_TYPE_STRING:
                *ret = php_key_bytes(php_string_bytes(value), php_string_size(value));
                return true;
        case PHP_TYPE_ARRAY:
        case PHP_TYPE_OBJECT:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return false;
}

/* ---- names ---- */

const char *php_type_name(struct php_value value)
{
        static const char *const names[] = {[PHP_TYPE_NULL] = "NULL",
                [PHP_TYPE_BOOL] = "boolean",
                [PHP_TYPE_INT] = "integer",
                [PHP_TYPE_FLOAT] = "double",
                [PHP_TYPE_STRING] = "string",
                [PHP_TYPE_ARRAY] = "array",
                [PHP_TYPE_OBJECT] = "object"};
        return names[php_look(value).type];
}

const char *php_short_type_name(struct php_value value)
{
        static const char *const names[] = {[PHP_TYPE_NULL] = "null",
                [PHP_TYPE_BOOL] = "bool",
                [PHP_TYPE_INT] = "int",
                [PHP_TYPE_FLOAT] = "float",
                [PHP_TYPE_STRING] = "string",
                [PHP_TYPE_ARRAY] = "array",
                [PHP_TYPE_OBJECT] = "object"};
        return names[php_look(value).type];
}
