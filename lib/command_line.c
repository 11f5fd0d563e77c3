/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/command_line.h"

#include "lib/memory.h"

#include <string.h>

static bool is_blank(char letter)
{
        return letter == ' ' || letter == '\t';
}

/* One word from *line on, which is moved behind it; NULL when a quote is not closed. */
static char *take_word(const char **line)
{
        _cleanup_buffer_ struct buffer word = {0};
        const char *at = *line;
        while (*at && !is_blank(*at)) {
                const char *end = at + strcspn(at, " \t'\"");
                buffer_append(&word, at, (size_t)(end - at));
                at = end;
                if (*at != '\'' && *at != '"')
                        continue;
                end = strchr(at + 1, *at);
                if (!end)
                        return NULL;
                buffer_append(&word, at + 1, (size_t)(end - at - 1));
                at = end + 1;
        }
        *line = at;
        return buffer_steal(&word);
}

int command_line_split(const char *line, struct string_list *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list words = {0};
        while (true) {
                while (is_blank(*line))
                        line++;
                if (!*line)
                        break;
                _cleanup_free_ char *word = take_word(&line);
                if (!word)
                        return error_set(err, REASON_INVALID_ARGUMENT, "a quote is not closed");
                string_list_add(&words, word);
        }
        *ret = words;
        words = (struct string_list){0};
        return 0;
}
