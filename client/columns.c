/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/columns.h"

#include "lib/text.h"

#include <string.h>
#include <wchar.h>

/* Returns the bytes of the character at text (at least 1) and the columns that it takes. */
static size_t measure(const char *text, size_t *ret_columns)
{
        unsigned point = 0;
        size_t length = text_character(text, strnlen(text, 4), &point);
        int columns = length > 1 ? wcwidth((wchar_t)point) : 1;
        *ret_columns = columns < 0 ? 1 : (size_t)columns;
        return length > 0 ? length : 1;
}

size_t columns_of(const char *text)
{
        size_t sum = 0, columns;
        for (; *text; sum += columns)
                text += measure(text, &columns);
        return sum;
}

/* Returns the bytes of the longest beginning of text that is no wider. */
static size_t fitting(const char *text, size_t most)
{
        size_t size = 0, columns;
        while (text[size]) {
                size_t length = measure(text + size, &columns);
                if (columns > most)
                        break;
                most -= columns;
                size += length;
        }
        return size;
}

void columns_cut(char *text, size_t columns)
{
        text[fitting(text, columns)] = '\0';
}

static void add_piece(struct string_list *list, const char *text, size_t size)
{
        _cleanup_free_ char *piece = memory_copy(text, size);
        string_list_add(list, piece);
}

static void wrap_line(const char *text, size_t columns, struct string_list *ret)
{
        do {
                size_t size = fitting(text, columns), end;
                if (!text[size]) {
                        string_list_add(ret, text);
                        return;
                }
                for (end = size; end > 0 && text[end] != ' '; end--)
                        ;
                if (end == 0)
                        end = size > 0 ? size : measure(text, &size); /* one that is wider stands alone */
                size_t last = end;
                while (last > 1 && text[last - 1] == ' ')
                        last--;
                add_piece(ret, text, last);
                text += end + strspn(text + end, " ");
        } while (*text);
}

void columns_wrap(const char *text, size_t columns, struct string_list *ret)
{
        _cleanup_free_ char *copy = string_copy(text);
        for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
                line[strcspn(line, "\r")] = '\0';
                wrap_line(line, columns > 0 ? columns : 1, ret);
        }
}

void columns_to_ascii(char *text)
{
        char *to = text;
        for (size_t columns; *text;) {
                size_t length = measure(text, &columns);
                *to++ = (unsigned char)*text < 0x80 ? *text : '?';
                text += length;
        }
        *to = '\0';
}
