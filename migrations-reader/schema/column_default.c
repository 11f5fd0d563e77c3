/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/column_default.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/schema/schema_private.h"
#include "migrations-reader/schema/sql_expression.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

void default_spec_deinit(struct default_spec *spec)
{
        free(spec->text);
        *spec = (struct default_spec){0};
}

bool defaults_are_quoted(const struct database_server *server)
{
        return server->mariadb && server->major * 10000 + server->minor * 100 + server->patch >= 100207;
}

/* Reading */

bool take_now(struct sql_cursor *cursor, unsigned *ret_precision)
{
        static const char *const words[] = {"CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"};
        struct sql_cursor ahead = *cursor, inside;
        uint64_t precision = 0;
        bool found = false;
        for (size_t i = 0; i < ARRAY_SIZE(words) && !found; i++)
                found = sql_take_word(&ahead, words[i]);
        if (!found)
                return false;
        if (sql_at_mark(&ahead, '(')) {
                if (!sql_take_parentheses(&ahead, &inside))
                        return false;
                (void)sql_take_number(&inside, &precision);
                if (!sql_at_end(&inside) || precision > 6)
                        return false;
        }
        *ret_precision = (unsigned)precision;
        *cursor = ahead;
        return true;
}

char *now_text(const struct database_server *server, unsigned precision)
{
        const char *name = defaults_are_quoted(server) ? "current_timestamp" : "CURRENT_TIMESTAMP";
        if (precision > 0)
                return string_format("%s(%u)", name, precision);
        return string_format("%s%s", name, defaults_are_quoted(server) ? "()" : "");
}

/* [+-] digits; the sign stays in the text. */
static char *take_signed(struct sql_cursor *cursor)
{
        struct sql_cursor ahead = *cursor;
        bool minus = false, sign = sql_take_mark(&ahead, '+') || (minus = sql_take_mark(&ahead, '-'));
        if (sql_at_end(&ahead) || ahead.next->type != SQL_NUMBER)
                return NULL;
        _cleanup_free_ char *digits = sql_token_text(ahead.next, NULL);
        ahead.next++;
        *cursor = ahead;
        return string_format("%s%s", minus ? "-" : sign ? "+" : "", digits);
}

static bool read_binary(const struct sql_token *token, struct default_spec *ret)
{
        bool quoted = token->start[1] == '\'';
        bool bits = tolower((unsigned char)token->start[quoted ? 0 : 1]) == 'b';
        size_t size = token->size - 2 - quoted;
        ret->kind = bits ? DEFAULT_BITS : DEFAULT_BYTES;
        ret->text = memory_copy(token->start + 2, size);
        return true;
}

static bool read_expression(
        struct sql_cursor *cursor, const struct database_server *server, struct default_spec *ret)
{
        struct sql_cursor inside, whole = *cursor;
        bool nested = sql_at_mark(cursor, '(');
        if (nested) {
                if (!sql_take_parentheses(cursor, &inside))
                        return false;
        } else {
                if (sql_at_end(cursor) || cursor->next->type != SQL_WORD)
                        return false;
                cursor->next++;
                if (!sql_take_parentheses(cursor, &inside))
                        return false;
        }
        whole.end = cursor->next;
        ret->kind = DEFAULT_EXPRESSION;
        ret->text = sql_expression_text(nested ? &inside : &whole, server, NULL);
        return true;
}

bool default_spec_read(
        struct sql_cursor *cursor, const struct database_server *server, struct default_spec *ret)
{
        if (take_now(cursor, &ret->precision)) {
                ret->kind = DEFAULT_NOW;
                return true;
        }
        if (sql_take_word(cursor, "NULL")) {
                ret->kind = DEFAULT_NULL;
                return true;
        }
        bool yes = sql_take_word(cursor, "TRUE");
        if (yes || sql_take_word(cursor, "FALSE")) {
                ret->kind = DEFAULT_BOOLEAN;
                ret->text = string_copy(yes ? "1" : "0");
                return true;
        }
        if (!sql_at_end(cursor) && cursor->next->type == SQL_BINARY)
                return read_binary(cursor->next++, ret);
        struct sql_cursor ahead = *cursor;
        if (!sql_at_end(&ahead) && ahead.next->type == SQL_WORD &&
                (*ahead.next->start == '_' || sql_token_is(ahead.next, "N")))
                ahead.next++; /* a character set's introducer */
        char *text = sql_take_string(&ahead);
        if (text) {
                *cursor = ahead;
                ret->kind = DEFAULT_STRING;
                ret->text = text;
                return true;
        }
        ret->text = take_signed(cursor);
        if (ret->text) {
                ret->kind = DEFAULT_NUMBER;
                return true;
        }
        return read_expression(cursor, server, ret);
}

/* Numbers */

struct decimal {
        bool negative;
        const char *whole, *fraction; /* digits */
        size_t whole_size, fraction_size;
};

/* [+-] digits [. digits], the whole text */
static bool parse_decimal(const char *text, struct decimal *ret)
{
        *ret = (struct decimal){.negative = *text == '-'};
        text += *text == '-' || *text == '+';
        ret->whole = text;
        ret->whole_size = strspn(text, "0123456789");
        text += ret->whole_size;
        if (*text == '.') {
                ret->fraction = text + 1;
                ret->fraction_size = strspn(text + 1, "0123456789");
                text += 1 + ret->fraction_size;
        }
        return !*text && ret->whole_size + ret->fraction_size > 0;
}

/* Digits with so many decimals, rounded half away from zero; without leading zeros. */
static char *round_decimal(const struct decimal *number, unsigned decimals)
{
        _cleanup_buffer_ struct buffer digits = {0};
        buffer_append_string(&digits, "0"); /* room for a carry */
        buffer_append(&digits, number->whole, number->whole_size);
        for (unsigned i = 0; i < decimals; i++)
                buffer_append(&digits, i < number->fraction_size ? &number->fraction[i] : "0", 1);
        bool up = number->fraction_size > decimals && number->fraction[decimals] >= '5';
        for (size_t i = digits.size; up && i-- > 0;) {
                up = digits.data[i] == '9';
                digits.data[i] = up ? '0' : (char)(digits.data[i] + 1);
        }
        const char *start = digits.data;
        size_t whole = digits.size - decimals;
        while (whole > 1 && *start == '0')
                start++, whole--;
        bool zero = strspn(start, "0") == strlen(start);
        return string_format("%s%.*s%s%s", number->negative && !zero ? "-" : "", (int)whole, start,
                decimals > 0 ? "." : "", start + whole);
}

/* Largest values by bytes; a text of digits is compared by length and content. */
static bool fits_integer(const char *digits, const struct type_facts *facts)
{
        bool negative = *digits == '-';
        errno = 0;
        unsigned long long value = strtoull(digits + negative, NULL, 10);
        if (errno != 0)
                return false;
        unsigned bits = facts->bytes * 8;
        if (facts->is_unsigned)
                return !negative && (bits == 64 || value < 1ull << bits);
        return value < (1ull << (bits - 1)) + negative;
}

static char *pad_zeros(char *digits, unsigned width)
{
        size_t size = strlen(digits);
        if (size >= width)
                return digits;
        _cleanup_buffer_ struct buffer text = {0};
        for (size_t i = size; i < width; i++)
                buffer_append_string(&text, "0");
        buffer_append_string(&text, digits);
        free(digits);
        return buffer_steal(&text);
}

static enum default_result render_integer(
        const struct default_spec *spec, const struct type_facts *facts, char **ret)
{
        struct decimal number;
        if (!parse_decimal(spec->text, &number))
                return spec->kind == DEFAULT_STRING && !isdigit((unsigned char)*spec->text) &&
                                       !strchr("+-. ", *spec->text)
                               ? DEFAULT_REFUSED
                       : *spec->text == '\0' ? DEFAULT_REFUSED
                                             : DEFAULT_DOUBTFUL;
        if (spec->kind == DEFAULT_STRING && number.fraction)
                return DEFAULT_DOUBTFUL;
        char *digits = round_decimal(&number, 0);
        if (!fits_integer(digits, facts)) {
                free(digits);
                return DEFAULT_REFUSED;
        }
        *ret = facts->zerofill ? pad_zeros(digits, facts->length) : digits;
        return DEFAULT_RENDERED;
}

static enum default_result render_decimal(
        const struct default_spec *spec, const struct type_facts *facts, char **ret)
{
        struct decimal number;
        if (facts->zerofill)
                return DEFAULT_DOUBTFUL;
        if (!parse_decimal(spec->text, &number))
                return isalpha((unsigned char)*spec->text) || !*spec->text ? DEFAULT_REFUSED
                                                                           : DEFAULT_DOUBTFUL;
        char *digits = round_decimal(&number, facts->decimals);
        size_t whole = strcspn(digits, ".") - (*digits == '-');
        if (*digits == '0' || string_begins(digits, "-0"))
                whole = 0;
        if (whole > facts->length - facts->decimals || (facts->is_unsigned && *digits == '-')) {
                free(digits);
                return DEFAULT_REFUSED;
        }
        *ret = digits;
        return DEFAULT_RENDERED;
}

/* Numbers of few digits, which are written as they are. */
static enum default_result render_float(
        const struct default_spec *spec, const struct type_facts *facts, char **ret)
{
        struct decimal number;
        if (facts->zerofill || !parse_decimal(spec->text, &number))
                return isalpha((unsigned char)*spec->text) || !*spec->text ? DEFAULT_REFUSED
                                                                           : DEFAULT_DOUBTFUL;
        if (number.whole_size + number.fraction_size > (facts->kind == TYPE_FLOAT ? 6 : 15))
                return DEFAULT_DOUBTFUL;
        if (facts->is_unsigned && number.negative)
                return strtod(spec->text, NULL) < 0 ? DEFAULT_REFUSED : DEFAULT_DOUBTFUL;
        if (facts->has_decimals) {
                *ret = round_decimal(&number, facts->decimals);
                return DEFAULT_RENDERED;
        }
        double value = strtod(spec->text, NULL);
        if (value != 0 && fabs(value) < 0.001)
                return DEFAULT_DOUBTFUL;
        char *digits = round_decimal(&number, (unsigned)number.fraction_size);
        char *end = digits + strlen(digits);
        while (strchr(digits, '.') && (end[-1] == '0' || end[-1] == '.')) {
                bool point = *--end == '.';
                *end = '\0';
                if (point)
                        break;
        }
        *ret = digits;
        return DEFAULT_RENDERED;
}

static enum default_result render_bits(
        const struct default_spec *spec, const struct type_facts *facts, char **ret)
{
        _cleanup_free_ char *bits = NULL;
        if (spec->kind == DEFAULT_BITS)
                bits = string_copy(spec->text);
        else if ((spec->kind == DEFAULT_NUMBER || spec->kind == DEFAULT_BOOLEAN) && strlen(spec->text) < 10 &&
                 strspn(spec->text, "0123456789") == strlen(spec->text)) {
                _cleanup_buffer_ struct buffer text = {0};
                unsigned long value = strtoul(spec->text, NULL, 10);
                for (int bit = 31; bit >= 0; bit--)
                        buffer_append_string(&text, value >> bit & 1 ? "1" : "0");
                bits = buffer_steal(&text);
        } else
                return DEFAULT_DOUBTFUL;
        const char *start = bits;
        while (*start == '0' && start[1])
                start++;
        if (strlen(start) > facts->length)
                return DEFAULT_REFUSED;
        *ret = string_format("b'%s'", start);
        return DEFAULT_RENDERED;
}

/* Texts */

static char *quote(const char *text, const struct database_server *server)
{
        _cleanup_buffer_ struct buffer quoted = {0};
        if (!defaults_are_quoted(server))
                return string_copy(text);
        sql_append_quoted(&quoted, text);
        return buffer_steal(&quoted);
}

static char *text_of_bytes(const char *hex)
{
        _cleanup_buffer_ struct buffer text = {0};
        if (strlen(hex) % 2 != 0)
                return NULL;
        for (; *hex; hex += 2) {
                char pair[] = {hex[0], hex[1], '\0'};
                char byte = (char)strtoul(pair, NULL, 16);
                if (byte < ' ' || byte == 0x7f)
                        return NULL;
                buffer_append(&text, &byte, 1);
        }
        return buffer_steal(&text);
}

/* Kept as an expression: a number stays one, and quotes are escaped by a backslash. */
static enum default_result render_blob(
        const struct default_spec *spec, const char *text, const struct database_server *server, char **ret)
{
        _cleanup_buffer_ struct buffer written = {0};
        if (!defaults_are_quoted(server) || (spec->kind != DEFAULT_STRING && spec->kind != DEFAULT_NUMBER) ||
                (spec->kind == DEFAULT_NUMBER && *text == '-'))
                return DEFAULT_DOUBTFUL;
        buffer_append_string(&written, spec->kind == DEFAULT_STRING ? "'" : "");
        for (const char *c = text; *c; c++) {
                if (*c < ' ' || *c > '~')
                        return DEFAULT_DOUBTFUL;
                if (*c == '\'' || *c == '\\')
                        buffer_append_string(&written, "\\");
                buffer_append(&written, c, 1);
        }
        buffer_append_string(&written, spec->kind == DEFAULT_STRING ? "'" : "");
        *ret = buffer_steal(&written);
        return DEFAULT_RENDERED;
}

static enum default_result render_text(const struct default_spec *spec, const struct type_facts *facts,
        const struct database_server *server, char **ret)
{
        _cleanup_free_ char *text = spec->kind == DEFAULT_BYTES  ? text_of_bytes(spec->text)
                                    : spec->kind == DEFAULT_BITS ? NULL
                                                                 : string_copy(spec->text);
        if (!text || (spec->kind == DEFAULT_NUMBER && (*text == '+' || *text == '.' || strpbrk(text, "eE"))))
                return DEFAULT_DOUBTFUL;
        if (facts->kind == TYPE_TEXT || facts->kind == TYPE_BLOB)
                return render_blob(spec, text, server, ret);
        bool bytes = facts->kind == TYPE_BINARY || facts->kind == TYPE_VARBINARY;
        size_t size = bytes ? strlen(text) : text_columns(text);
        if (size > facts->length)
                return text[strlen(text) - 1] == ' ' ? DEFAULT_DOUBTFUL : DEFAULT_REFUSED;
        if (facts->kind == TYPE_BINARY && size < facts->length)
                return DEFAULT_DOUBTFUL;
        if (facts->kind == TYPE_CHAR)
                for (size_t end = strlen(text); end > 0 && text[end - 1] == ' ';)
                        text[--end] = '\0';
        *ret = quote(text, server);
        return DEFAULT_RENDERED;
}

static enum default_result render_enum(const struct default_spec *spec, const char *column_type,
        const struct database_server *server, char **ret)
{
        _cleanup_strings_ char **values = type_values(column_type);
        if (spec->kind != DEFAULT_STRING)
                return DEFAULT_DOUBTFUL;
        for (size_t i = 0; values[i]; i++)
                if (strcmp(values[i], spec->text) == 0) {
                        *ret = quote(values[i], server);
                        return DEFAULT_RENDERED;
                }
        for (const char *c = spec->text; *c; c++)
                if ((unsigned char)*c >= 0x80 || *c == ' ' || isdigit((unsigned char)*c))
                        return DEFAULT_DOUBTFUL; /* another spelling, or a number */
        for (size_t i = 0; values[i]; i++)
                if (strcasecmp(values[i], spec->text) == 0)
                        return DEFAULT_DOUBTFUL;
        return DEFAULT_REFUSED;
}

/* One of the members, or all that are given in their order. */
static enum default_result render_set(const struct default_spec *spec, const char *column_type,
        const struct database_server *server, char **ret)
{
        _cleanup_strings_ char **values = type_values(column_type);
        if (spec->kind != DEFAULT_STRING)
                return DEFAULT_DOUBTFUL;
        const char *left = spec->text;
        for (size_t i = 0; values[i] && *left; i++) {
                size_t size = strlen(values[i]);
                if (strncmp(left, values[i], size) == 0 && (left[size] == ',' || left[size] == '\0'))
                        left += size + (left[size] == ',');
        }
        if (*left)
                return DEFAULT_DOUBTFUL;
        *ret = quote(spec->text, server);
        return DEFAULT_RENDERED;
}

/* Dates */

static bool digits_at(const char *text, const char *pattern)
{
        for (; *pattern; pattern++, text++)
                if (*pattern == '0' ? !isdigit((unsigned char)*text) : *text != *pattern)
                        return false;
        return true;
}

static unsigned two_digits(const char *text)
{
        return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

static bool is_day(const char *date)
{
        static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        unsigned year = two_digits(date) * 100 + two_digits(date + 2);
        unsigned month = two_digits(date + 5), day = two_digits(date + 8);
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

static bool is_clock(const char *time)
{
        return two_digits(time) < 24 && two_digits(time + 3) < 60 && two_digits(time + 6) < 60;
}

/* A moment without its fraction of a second, and the fraction with as many digits as the column has (""
 * for none). NULL: it has more, or is no fraction. */
static char *split_fraction(const char *text, unsigned digits, char ret_fraction[16])
{
        const char *point = strchr(text, '.');
        size_t size = point ? strlen(point + 1) : 0;
        if (digits > 6 || size > digits || (point && (size == 0 || strspn(point + 1, "0123456789") != size)))
                return NULL;
        (void)snprintf(ret_fraction, 16, "%s%s%.*s", digits > 0 ? "." : "", point ? point + 1 : "",
                (int)(digits - size), "000000");
        return memory_copy(text, point ? (size_t)(point - text) : strlen(text));
}

static enum default_result render_date(const struct default_spec *spec, const struct type_facts *facts,
        const struct database_server *server, char **ret)
{
        bool nought = spec->kind == DEFAULT_NUMBER && strcmp(spec->text, "0") == 0;
        char fraction[16];
        if (spec->kind != DEFAULT_STRING && !nought)
                return DEFAULT_DOUBTFUL;
        _cleanup_free_ char *text = split_fraction(
                nought ? "0000-00-00" : spec->text, facts->kind == TYPE_DATE ? 0 : facts->length, fraction);
        if (!text)
                return isalpha((unsigned char)*spec->text) ? DEFAULT_REFUSED : DEFAULT_DOUBTFUL;
        if (!isdigit((unsigned char)*text))
                return isalpha((unsigned char)*text) || !*text ? DEFAULT_REFUSED : DEFAULT_DOUBTFUL;
        size_t size = strlen(text);
        bool dated = digits_at(text, "0000-00-00");
        bool timed = size == 19 && dated && digits_at(text + 10, " 00:00:00");
        if (!dated || (size != 10 && !timed) || (facts->kind == TYPE_DATE && timed))
                return DEFAULT_DOUBTFUL;
        bool zero = string_begins(text, "0000-00-00");
        if (zero && !server->mariadb)
                return DEFAULT_DOUBTFUL; /* its sql_mode decides */
        if ((zero ? timed && strcmp(text + 11, "00:00:00") != 0 : !is_day(text)) ||
                (timed && !is_clock(text + 11)))
                return DEFAULT_DOUBTFUL;
        unsigned year = two_digits(text) * 100 + two_digits(text + 2);
        if (facts->kind == TYPE_TIMESTAMP && !zero && (year < 1971 || year > 2037))
                return DEFAULT_DOUBTFUL;
        _cleanup_free_ char *whole =
                string_format("%s%s%s", text, facts->kind == TYPE_DATE || timed ? "" : " 00:00:00", fraction);
        *ret = quote(whole, server);
        return DEFAULT_RENDERED;
}

static enum default_result render_time(const struct default_spec *spec, const struct type_facts *facts,
        const struct database_server *server, char **ret)
{
        char fraction[16];
        _cleanup_free_ char *text =
                spec->kind == DEFAULT_STRING ? split_fraction(spec->text, facts->length, fraction) : NULL;
        if (!text || strlen(text) != 8 || !digits_at(text, "00:00:00") || !is_clock(text))
                return DEFAULT_DOUBTFUL;
        _cleanup_free_ char *whole = string_format("%s%s", text, fraction);
        *ret = quote(whole, server);
        return DEFAULT_RENDERED;
}

static enum default_result render_year(const struct default_spec *spec, char **ret)
{
        if ((spec->kind != DEFAULT_STRING && spec->kind != DEFAULT_NUMBER) || strlen(spec->text) != 4 ||
                !digits_at(spec->text, "0000"))
                return DEFAULT_DOUBTFUL;
        unsigned year = two_digits(spec->text) * 100 + two_digits(spec->text + 2);
        if (year < 1901 || year > 2155)
                return DEFAULT_DOUBTFUL;
        *ret = string_copy(spec->text);
        return DEFAULT_RENDERED;
}

static enum default_result render_value(const struct default_spec *spec, const struct type_facts *facts,
        const char *column_type, const struct database_server *server, char **ret)
{
        bool binary = spec->kind == DEFAULT_BITS || spec->kind == DEFAULT_BYTES;
        switch (facts->kind) {
        case TYPE_INTEGER:
                return binary ? DEFAULT_DOUBTFUL : render_integer(spec, facts, ret);
        case TYPE_DECIMAL:
                return binary ? DEFAULT_DOUBTFUL : render_decimal(spec, facts, ret);
        case TYPE_FLOAT:
        case TYPE_DOUBLE:
                return binary ? DEFAULT_DOUBTFUL : render_float(spec, facts, ret);
        case TYPE_BIT:
                return render_bits(spec, facts, ret);
        case TYPE_YEAR:
                return render_year(spec, ret);
        case TYPE_DATE:
        case TYPE_DATETIME:
        case TYPE_TIMESTAMP:
                return render_date(spec, facts, server, ret);
        case TYPE_TIME:
                return render_time(spec, facts, server, ret);
        case TYPE_CHAR:
        case TYPE_VARCHAR:
        case TYPE_BINARY:
        case TYPE_VARBINARY:
        case TYPE_TEXT:
        case TYPE_BLOB:
                return render_text(spec, facts, server, ret);
        case TYPE_ENUM:
                return render_enum(spec, column_type, server, ret);
        case TYPE_SET:
                return render_set(spec, column_type, server, ret);
        case TYPE_GEOMETRY:
        case TYPE_JSON:
        case TYPE_OTHER:
                return DEFAULT_DOUBTFUL;
        }
        return DEFAULT_DOUBTFUL;
}

static enum default_result render_now(const struct default_spec *spec, const struct type_facts *facts,
        const struct database_server *server, char **ret)
{
        if (facts->kind != TYPE_DATETIME && facts->kind != TYPE_TIMESTAMP)
                return server->mariadb ? DEFAULT_DOUBTFUL : DEFAULT_REFUSED;
        if (facts->length != spec->precision)
                return server->mariadb ? DEFAULT_DOUBTFUL : DEFAULT_REFUSED;
        *ret = now_text(server, spec->precision);
        return DEFAULT_RENDERED;
}

enum default_result default_spec_render(const struct default_spec *spec, const char *column_type,
        bool nullable, const struct database_server *server, char **ret)
{
        struct type_facts facts = type_facts_of(column_type);
        *ret = NULL;
        switch (spec->kind) {
        case DEFAULT_NULL:
                if (!nullable)
                        return DEFAULT_REFUSED;
                __attribute__((fallthrough));
        case DEFAULT_NONE:
                *ret = nullable && defaults_are_quoted(server) ? string_copy("NULL") : NULL;
                return DEFAULT_RENDERED;
        case DEFAULT_NOW:
                return render_now(spec, &facts, server, ret);
        case DEFAULT_EXPRESSION:
                *ret = string_copy(spec->text);
                return spec->text && defaults_are_quoted(server) ? DEFAULT_RENDERED : DEFAULT_DOUBTFUL;
        case DEFAULT_STRING:
        case DEFAULT_NUMBER:
        case DEFAULT_BOOLEAN:
        case DEFAULT_BITS:
        case DEFAULT_BYTES:
                return render_value(spec, &facts, column_type, server, ret);
        }
        return DEFAULT_DOUBTFUL;
}
