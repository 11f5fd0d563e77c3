/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/terminal.h"

#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool terminal_is_live(void)
{
        const char *kind = getenv("TERM");
        return isatty(STDOUT_FILENO) && kind && *kind && strcmp(kind, "dumb") != 0;
}

/* Source of NO_COLOR: no-color.org. */
bool terminal_has_colour(void)
{
        const char *refused = getenv("NO_COLOR");
        return terminal_is_live() && (!refused || !*refused);
}

bool terminal_has_utf8(void)
{
        return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void terminal_size(size_t *ret_columns, size_t *ret_rows)
{
        struct winsize size = {0};
        (void)!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *ret_columns = size.ws_col > 0 ? size.ws_col : 80;
        *ret_rows = size.ws_row > 0 ? size.ws_row : 24;
}

static void write_all(const struct buffer *text)
{
        for (size_t done = 0; done < text->size;) {
                ssize_t length = write(STDOUT_FILENO, text->data + done, text->size - done);
                if (length < 0 && errno == EINTR)
                        continue;
                if (length <= 0)
                        return;
                done += (size_t)length;
        }
}

void terminal_draw(struct terminal *terminal, const struct view_lines *lines)
{
        _cleanup_buffer_ struct buffer frame = {0};
        size_t columns, rows;
        terminal_size(&columns, &rows);
        bool resized = terminal->lines > 0 && (columns != terminal->columns || rows != terminal->rows);
        buffer_append_string(&frame, "\x1b[?25l");
        /* After a change of size nobody knows where the former lines have been wrapped to. */
        if (resized)
                buffer_append_string(&frame, "\x1b[H\x1b[2J");
        else if (terminal->lines > 0)
                buffer_append_format(&frame, "\r\x1b[%zuA", terminal->lines);
        for (size_t i = 0; i < lines->count; i++)
                buffer_append_format(&frame, "%s\x1b[K\n", lines->items[i]);
        buffer_append_string(&frame, "\x1b[J");
        write_all(&frame);
        *terminal = (struct terminal){.lines = lines->count, .columns = columns, .rows = rows};
}

void terminal_leave(struct terminal *terminal)
{
        _cleanup_buffer_ struct buffer text = {0};
        if (terminal->lines == 0)
                return;
        buffer_append_string(&text, "\x1b[?25h");
        write_all(&text);
        terminal->lines = 0;
}
