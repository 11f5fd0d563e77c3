/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/text.h"

#include "lib/memory.h"

#include <jansson.h>
#include <string.h>

size_t text_character(const char *text, size_t size, unsigned *ret_code_point)
{
        const unsigned char *c = (const unsigned char *)text;
        static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
        if (size == 0)
                return 0;
        if (c[0] < 0x80) {
                *ret_code_point = c[0];
                return 1;
        }
        size_t length = (c[0] & 0xe0) == 0xc0 ? 2 : (c[0] & 0xf0) == 0xe0 ? 3 : (c[0] & 0xf8) == 0xf0 ? 4 : 0;
        if (length == 0 || length > size)
                return 0;
        unsigned point = c[0] & (0x7fu >> length);
        for (size_t i = 1; i < length; i++) {
                if ((c[i] & 0xc0) != 0x80)
                        return 0;
                point = point << 6 | (c[i] & 0x3f);
        }
        if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
                return 0;
        *ret_code_point = point;
        return length;
}

int text_hex_digit(char digit)
{
        if (digit >= '0' && digit <= '9')
                return digit - '0';
        if (digit >= 'a' && digit <= 'f')
                return digit - 'a' + 10;
        return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

void text_append_character(struct buffer *buffer, unsigned code_point)
{
        char bytes[4];
        size_t size = 0;
        if (code_point < 0x80) {
                bytes[size++] = (char)code_point;
        } else if (code_point < 0x800) {
                bytes[size++] = (char)(0xc0 | code_point >> 6);
                bytes[size++] = (char)(0x80 | (code_point & 0x3f));
        } else if (code_point < 0x10000) {
                bytes[size++] = (char)(0xe0 | code_point >> 12);
                bytes[size++] = (char)(0x80 | (code_point >> 6 & 0x3f));
                bytes[size++] = (char)(0x80 | (code_point & 0x3f));
        } else {
                bytes[size++] = (char)(0xf0 | code_point >> 18);
                bytes[size++] = (char)(0x80 | (code_point >> 12 & 0x3f));
                bytes[size++] = (char)(0x80 | (code_point >> 6 & 0x3f));
                bytes[size++] = (char)(0x80 | (code_point & 0x3f));
        }
        buffer_append(buffer, bytes, size);
}

char *text_valid_bytes(const char *text, size_t size, size_t *ret_size)
{
        struct buffer valid = {0};
        while (size > 0) {
                unsigned point;
                size_t length = text_character(text, size, &point);
                if (length > 0)
                        buffer_append(&valid, text, length);
                else
                        buffer_append_string(&valid, "\xef\xbf\xbd");
                text += length > 0 ? length : 1;
                size -= length > 0 ? length : 1;
        }
        *ret_size = valid.size;
        return buffer_steal(&valid);
}

char *text_valid(const char *text)
{
        size_t size;
        return text ? text_valid_bytes(text, strlen(text), &size) : NULL;
}

struct json_t *text_json(const char *text)
{
        _cleanup_free_ char *valid = text_valid(text);
        return valid ? json_string(valid) : json_null();
}

static bool moves_the_cursor(unsigned point)
{
        return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 || point == 0x2029;
}

static bool turns_the_direction(unsigned point)
{
        return point == 0x61c || point == 0x200e || point == 0x200f || (point >= 0x202a && point <= 0x202e) ||
               (point >= 0x2066 && point <= 0x2069);
}

char *text_printable(const char *text, bool keep_lines)
{
        if (!text)
                return NULL;
        struct buffer printable = {0};
        for (size_t size = strlen(text); size > 0;) {
                unsigned point = 0;
                size_t length = text_character(text, size, &point);
                if (length == 1 && (point == '\n' || point == '\t'))
                        buffer_append(&printable, keep_lines ? text : " ", 1);
                else if (length == 0 || moves_the_cursor(point) || turns_the_direction(point))
                        buffer_append(&printable, "?", 1);
                else
                        buffer_append(&printable, text, length);
                text += length > 0 ? length : 1;
                size -= length > 0 ? length : 1;
        }
        return buffer_steal(&printable);
}

char *text_replace(const char *text, const char *old, const char *new)
{
        struct buffer replaced = {0};
        for (const char *found; (found = strstr(text, old)); text = found + strlen(old)) {
                buffer_append(&replaced, text, (size_t)(found - text));
                buffer_append_string(&replaced, new);
        }
        buffer_append_string(&replaced, text);
        return buffer_steal(&replaced);
}

static bool begins_character(char byte)
{
        return ((unsigned char)byte & 0xc0) != 0x80;
}

char *text_shell_word(const char *text)
{
        static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+:,@";
        if (*text && text[strspn(text, plain)] == '\0')
                return string_copy(text);
        _cleanup_free_ char *inside = text_replace(text, "'", "'\\''");
        return string_format("'%s'", inside);
}

char *text_wrap(const char *text, size_t size, const char *margin)
{
        struct buffer wrapped = {0};
        size_t column = 0;
        buffer_append_string(&wrapped, margin);
        while (*(text += strspn(text, " "))) {
                size_t length = strcspn(text, " ");
                bool breaks = column > 0 && column + 1 + length > size;
                if (breaks)
                        buffer_append_format(&wrapped, "\n%s", margin);
                else if (column > 0)
                        buffer_append(&wrapped, " ", 1);
                buffer_append(&wrapped, text, length);
                column = breaks ? length : column + (column > 0) + length;
                text += length;
        }
        return buffer_steal(&wrapped);
}

size_t text_columns(const char *text)
{
        size_t columns = 0;
        for (; *text; text++)
                columns += begins_character(*text);
        return columns;
}

void text_cut(char *text, size_t columns)
{
        for (; *text; text++) {
                if (!begins_character(*text))
                        continue;
                if (columns == 0) {
                        *text = '\0';
                        return;
                }
                columns--;
        }
}

/* Returns how many bytes the terminal sequence behind ESC at text takes. */
static size_t sequence_length(const char *text)
{
        if (text[1] == '[') { /* CSI: up to the final byte */
                size_t i = 2;
                while (text[i] >= 0x20 && text[i] < 0x40)
                        i++;
                return text[i] >= 0x40 && text[i] < 0x7f ? i + 1 : i;
        }
        if (text[1] == ']' || text[1] == 'P') { /* OSC, DCS: up to BEL or ESC \ */
                size_t end = strcspn(text + 2, "\a\033\n") + 2;
                if (text[end] == '\033' && text[end + 1] == '\\')
                        return end + 2;
                return text[end] == '\a' ? end + 1 : end;
        }
        size_t i = 1;
        while (text[i] >= 0x20 && text[i] < 0x30) /* intermediate bytes: ESC ( B */
                i++;
        return text[i] >= 0x30 && text[i] < 0x7f ? i + 1 : i;
}

void text_append_clean(struct buffer *buffer, const char *text)
{
        bool space = false;
        for (size_t size = strlen(text), length; size > 0; text += length, size -= length) {
                unsigned point = 0;
                length = text_character(text, size, &point);
                bool fit = length > 0 && !moves_the_cursor(point) && !turns_the_direction(point);
                if (*text == '\033') {
                        length = sequence_length(text);
                } else if (length == 1 && (point <= ' ' || point == 0x7f)) {
                        space = true;
                } else {
                        length = length > 0 ? length : 1;
                        if (space && buffer->size > 0)
                                buffer_append(buffer, " ", 1);
                        space = false;
                        buffer_append(buffer, fit ? text : "?", fit ? length : 1);
                }
        }
}

char *text_tail(const char *text, size_t limit)
{
        static const char ellipsis[] = "…";
        size_t size = strlen(text);
        if (size <= limit)
                return string_copy(text);
        const char *start = text + size - limit + strlen(ellipsis);
        while (!begins_character(*start))
                start++;
        return string_format("%s%s", ellipsis, start);
}
