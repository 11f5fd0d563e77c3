/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/serialize.h"

#include "lib/text.h"
#include "migrations-reader/php/value_private.h"

#include <math.h>
#include <string.h>

/* Where the value with a number stands: in which value, under which key. `R:` names one by its number. */
struct place {
        size_t parent; /* number - 1 of the array that it is in */
        struct php_value key;
};

struct reader {
        const char *bytes;
        size_t size;
        size_t at; /* of what comes next, or of the error as PHP tells it */
        unsigned depth;
        bool is_key; /* a key is read: it has no number, and no R: */
        bool has_doubles; /* a key came twice: numbers before may mean values that are gone */
        bool has_objects; /* numbers may mean their properties, or themselves */
        const struct php_plain_objects *objects;
        struct php_value *root;
        struct place *places;
        size_t place_count;
        size_t parent; /* number - 1 of the array that is read */
        struct php_key key; /* under which the value goes */
};

static enum php_answer read_value(struct reader *reader, struct php_value *target);

static char byte_at(const struct reader *reader, size_t at)
{
        return at < reader->size ? reader->bytes[at] : '\0';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

/* Digits from *at on; a number beyond SIZE_MAX stays there. false: none. */
static bool read_size(const struct reader *reader, size_t *at, size_t *ret)
{
        size_t begin = *at, number = 0;
        for (; is_digit(byte_at(reader, *at)); (*at)++) {
                size_t digit = (size_t)(reader->bytes[*at] - '0');
                number = number > (SIZE_MAX - digit) / 10 ? SIZE_MAX : number * 10 + digit;
        }
        *ret = number;
        return *at > begin;
}

/* ---- N; b:1; i:5; d:0.5; ---- */

static enum php_answer take(
        struct reader *reader, size_t end, struct php_value *target, struct php_value value)
{
        reader->at = end;
        php_assign(target, value);
        return PHP_DONE;
}

static enum php_answer read_bool(struct reader *reader, struct php_value *target)
{
        char digit = byte_at(reader, reader->at + 2);
        if ((digit != '0' && digit != '1') || byte_at(reader, reader->at + 3) != ';')
                return PHP_NOTICE;
        return take(reader, reader->at + 4, target, php_bool(digit == '1'));
}

static enum php_answer read_int(struct reader *reader, struct php_value *target)
{
        size_t at = reader->at + 2, number;
        bool negative = byte_at(reader, at) == '-';
        if (negative || byte_at(reader, at) == '+')
                at++;
        if (!read_size(reader, &at, &number) || byte_at(reader, at) != ';')
                return PHP_NOTICE;
        size_t limit = (size_t)INT64_MAX + negative;
        if (number > limit)
                number = limit;
        return take(reader, at + 1, target, php_int((int64_t)(negative ? 0 - number : number)));
}

static size_t skip_digits(const struct reader *reader, size_t at)
{
        while (is_digit(byte_at(reader, at)))
                at++;
        return at;
}

static size_t skip_sign(const struct reader *reader, size_t at)
{
        char c = byte_at(reader, at);
        return c == '-' || c == '+' ? at + 1 : at;
}

/* The end of a decimal number at `at`, or 0. */
static size_t decimal_end(const struct reader *reader, size_t at)
{
        size_t begin = skip_sign(reader, at);
        size_t end = skip_digits(reader, begin);
        bool has_digits = end > begin;
        if (byte_at(reader, end) == '.') {
                size_t fraction = end + 1;
                end = skip_digits(reader, fraction);
                has_digits |= end > fraction;
        }
        if (!has_digits)
                return 0;
        if (byte_at(reader, end) == 'e' || byte_at(reader, end) == 'E') {
                size_t exponent = skip_sign(reader, end + 1);
                end = skip_digits(reader, exponent);
                if (end == exponent)
                        return 0;
        }
        return end;
}

static enum php_answer read_float(struct reader *reader, struct php_value *target)
{
        static const struct {
                const char *text;
                double number;
        } names[] = {{"d:NAN;", NAN}, {"d:INF;", INFINITY}, {"d:-INF;", -INFINITY}};
        const char *rest = reader->bytes + reader->at;
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                size_t length = strlen(names[i].text);
                if (reader->size - reader->at >= length && memcmp(rest, names[i].text, length) == 0)
                        return take(reader, reader->at + length, target, php_float(names[i].number));
        }
        size_t end = decimal_end(reader, reader->at + 2);
        if (end == 0 || byte_at(reader, end) != ';')
                return PHP_NOTICE;
        _cleanup_free_ char *text = memory_copy(rest + 2, end - reader->at - 2);
        return take(reader, end + 1, target, php_float(strtod(text, NULL)));
}

/* ---- s:3:"abc"; S:3:"a\62c"; a:0:{} ---- */

/* Reads "x:SIZE:" and the byte behind it. */
static bool read_head(const struct reader *reader, char opening, size_t *ret_size, size_t *ret_end)
{
        size_t at = reader->at + 2;
        if (!read_size(reader, &at, ret_size) || byte_at(reader, at) != ':' ||
                byte_at(reader, at + 1) != opening)
                return false;
        *ret_end = at + 2;
        return true;
}

static enum php_answer end_string(
        struct reader *reader, size_t end, struct php_value *target, struct buffer *content)
{
        if (byte_at(reader, end) != '"') {
                reader->at = end;
                return PHP_NOTICE;
        }
        if (byte_at(reader, end + 1) != ';') {
                reader->at = end + 1;
                return PHP_NOTICE;
        }
        return take(reader, end + 2, target, php_from_buffer(content));
}

static enum php_answer read_string(struct reader *reader, struct php_value *target)
{
        size_t length, begin;
        if (!read_head(reader, '"', &length, &begin))
                return PHP_NOTICE;
        if (length > reader->size - begin) {
                reader->at += 2;
                return PHP_NOTICE;
        }
        _cleanup_buffer_ struct buffer content = {0};
        buffer_append(&content, reader->bytes + begin, length);
        return end_string(reader, begin + length, target, &content);
}

/* Bytes may be \ and two hexadecimal digits; the size counts what they stand for. */
static enum php_answer read_escaped_string(struct reader *reader, struct php_value *target)
{
        size_t length, at;
        if (!read_head(reader, '"', &length, &at))
                return PHP_NOTICE;
        if (length > reader->size - at) {
                reader->at += 2;
                return PHP_NOTICE;
        }
        _cleanup_buffer_ struct buffer content = {0};
        for (size_t i = 0; i < length; i++, at++) {
                if (at >= reader->size)
                        return PHP_NOTICE;
                char byte = reader->bytes[at];
                if (byte == '\\') {
                        int high = text_hex_digit(byte_at(reader, at + 1));
                        int low = text_hex_digit(byte_at(reader, at + 2));
                        if (high < 0 || low < 0)
                                return PHP_NOTICE;
                        byte = (char)(high << 4 | low);
                        at += 2;
                }
                buffer_append(&content, &byte, 1);
        }
        return end_string(reader, at, target, &content);
}

static enum php_answer read_key(struct reader *reader, struct php_value *ret)
{
        reader->is_key = true;
        enum php_answer answer = read_value(reader, ret);
        reader->is_key = false;
        if (answer == PHP_DONE && ret->type != PHP_TYPE_INT && ret->type != PHP_TYPE_STRING)
                return PHP_NOTICE;
        return answer;
}

static enum php_answer read_element(struct reader *reader, struct php_value *array, size_t number)
{
        _cleanup_php_value_ struct php_value key_value = PHP_NULL_VALUE;
        enum php_answer answer = read_key(reader, &key_value);
        if (answer != PHP_DONE)
                return answer;
        struct php_key key;
        (void)php_key_of(key_value, &key);
        if (php_array_get(*array, key)) {
                reader->has_doubles = true;
                (void)php_array_remove(array, key);
                *php_array_slot(array, key) = PHP_NULL_VALUE;
        }
        reader->parent = number;
        reader->key = key;
        return read_value(reader, php_array_slot(array, key));
}

static enum php_answer read_elements(struct reader *reader, size_t count, struct php_value *target)
{
        size_t number = reader->place_count - 1;
        php_assign(target, php_new_array());
        for (size_t i = 0; i < count; i++) {
                enum php_answer answer = read_element(reader, target, number);
                if (answer != PHP_DONE)
                        return answer;
        }
        if (byte_at(reader, reader->at) != '}')
                return PHP_NOTICE;
        reader->at++;
        return PHP_DONE;
}

static enum php_answer read_array(struct reader *reader, struct php_value *target)
{
        size_t count, begin;
        if (!read_head(reader, '{', &count, &begin))
                return PHP_NOTICE;
        reader->at = begin;
        if (reader->is_key || count > (reader->size - begin) / 2) /* what PHP, too, holds for a lie */
                return PHP_NOTICE;
        if (reader->depth >= PHP_SERIALIZE_DEPTH)
                return PHP_NO_CONVERSION;
        reader->depth++;
        enum php_answer answer = read_elements(reader, count, target);
        reader->depth--;
        return answer;
}

/* ---- O:8:"stdClass":1:{s:1:"a";i:1;} ---- */

static enum php_answer read_property(struct reader *reader, struct php_value object)
{
        _cleanup_php_value_ struct php_value key = PHP_NULL_VALUE, name = PHP_NULL_VALUE;
        enum php_answer answer = read_key(reader, &key);
        if (answer != PHP_DONE)
                return answer;
        (void)php_to_string(key, &name);
        if (strlen(php_string_bytes(name)) != php_string_size(name))
                return PHP_NO_CONVERSION; /* a private one */
        struct php_value value = PHP_NULL_VALUE;
        reader->key = php_key_int(0); /* nothing asks for it: no numbers when there are objects */
        answer = read_value(reader, &value);
        if (answer == PHP_DONE)
                reader->objects->set(object, php_string_bytes(name), value);
        else
                php_release(value);
        return answer;
}

/* What is not plainly such an object is not told. */
static enum php_answer read_object(struct reader *reader, struct php_value *target)
{
        static const char head[] = "O:8:\"" PHP_PLAIN_CLASS "\":";
        size_t at = reader->at + sizeof(head) - 1, count;
        if (!reader->objects || reader->is_key || reader->depth >= PHP_SERIALIZE_DEPTH ||
                reader->size - reader->at < sizeof(head) ||
                memcmp(reader->bytes + reader->at, head, sizeof(head) - 1) != 0 ||
                !read_size(reader, &at, &count) || byte_at(reader, at) != ':' ||
                byte_at(reader, at + 1) != '{' || count > reader->size ||
                !reader->objects->make(reader->objects->context, target))
                return PHP_NO_CONVERSION;
        reader->at = at + 2;
        reader->has_objects = true;
        reader->depth++;
        enum php_answer answer = PHP_DONE;
        for (size_t i = 0; i < count && answer == PHP_DONE; i++)
                answer = read_property(reader, *target);
        reader->depth--;
        if (answer != PHP_DONE)
                return answer;
        if (byte_at(reader, reader->at) != '}')
                return PHP_NOTICE;
        reader->at++;
        return PHP_DONE;
}

/* ---- R:2; ---- */

static struct php_value *find_place(const struct reader *reader, size_t number)
{
        if (number == 0)
                return reader->root;
        const struct place *place = &reader->places[number];
        struct php_key key;
        (void)php_key_of(place->key, &key);
        return php_array_slot(find_place(reader, place->parent), key);
}

static enum php_answer read_reference(struct reader *reader, struct php_value *target)
{
        size_t at = reader->at + 2, number;
        if (!read_size(reader, &at, &number) || byte_at(reader, at) != ';')
                return PHP_NOTICE;
        bool is_object = reader->bytes[reader->at] == 'r'; /* r: names objects only, and there are none */
        reader->at = at + 1;
        if (reader->has_objects)
                return PHP_NO_CONVERSION;
        if (reader->is_key || is_object || number == 0 || number > reader->place_count)
                return PHP_NOTICE;
        if (reader->has_doubles)
                return PHP_NO_CONVERSION;
        struct php_value *place = find_place(reader, number - 1);
        struct php_value reference = php_make_reference(place);
        php_release(*target);
        *target = reference;
        return PHP_DONE;
}

static void remember_place(struct reader *reader)
{
        reader->places = memory_grow(reader->places, reader->place_count, sizeof(*reader->places));
        struct place *place = &reader->places[reader->place_count++];
        *place = (struct place){.parent = reader->parent};
        if (reader->place_count > 1)
                place->key = php_key_value(reader->key);
}

static enum php_answer read_value(struct reader *reader, struct php_value *target)
{
        char letter = byte_at(reader, reader->at);
        if (letter == 'N' && byte_at(reader, reader->at + 1) == ';') {
                if (!reader->is_key)
                        remember_place(reader);
                return take(reader, reader->at + 2, target, PHP_NULL_VALUE);
        }
        if (letter == 'O') {
                if (!reader->is_key)
                        remember_place(reader);
                return read_object(reader, target);
        }
        if (letter == 'C' || letter == 'E' || letter == 'o')
                return PHP_NO_CONVERSION;
        if (byte_at(reader, reader->at + 1) != ':')
                return PHP_NOTICE;
        if (!reader->is_key && letter != 'R')
                remember_place(reader);
        switch (letter) {
        case 'b':
                return read_bool(reader, target);
        case 'i':
                return read_int(reader, target);
        case 'd':
                return read_float(reader, target);
        case 's':
                return read_string(reader, target);
        case 'S':
                return read_escaped_string(reader, target);
        case 'a':
                return read_array(reader, target);
        case 'R':
        case 'r':
                return read_reference(reader, target);
        default:
                return PHP_NOTICE;
        }
}

enum php_answer php_unserialize(const char *bytes, size_t size, const struct php_plain_objects *objects,
        struct php_value *ret, size_t *ret_offset)
{
        struct php_value root = PHP_NULL_VALUE;
        struct reader reader = {.bytes = bytes, .size = size, .root = &root, .objects = objects};
        enum php_answer answer = size > PHP_SERIALIZE_SIZE ? PHP_NO_CONVERSION : read_value(&reader, &root);
        for (size_t i = 0; i < reader.place_count; i++)
                php_release(reader.places[i].key);
        free(reader.places);
        if (answer == PHP_DONE)
                *ret = php_copy(php_look(root));
        else if (answer == PHP_NOTICE)
                *ret_offset = reader.at;
        php_release(root);
        return answer;
}
