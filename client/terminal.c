/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/terminal.h"

#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Sources: ECMA-48; xterm's control sequences (1049, 25, 7); synchronized updates (2026), which terminals
 * that don't know them pass over. */
#define ENTER "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H\x1b[2J"
#define LEAVE "\x1b[?7h\x1b[?25h\x1b[?1049l"
#define BEGIN_FRAME "\x1b[?2026h"
#define END_FRAME "\x1b[?2026l"
#define CLEAR "\x1b[H\x1b[2J"

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

static size_t columns_wanted(void)
{
        const char *text = getenv("COLUMNS");
        long columns = text && !isatty(STDOUT_FILENO) ? strtol(text, NULL, 10) : 0;
        return columns > 0 && columns < 10000 ? (size_t)columns : 80;
}

void terminal_size(size_t *ret_columns, size_t *ret_rows)
{
        struct winsize size = {0};
        (void)!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *ret_columns = size.ws_col > 0 ? size.ws_col : columns_wanted();
        *ret_rows = size.ws_row > 0 ? size.ws_row : 24;
}

size_t terminal_text_columns(void)
{
        size_t columns, rows;
        terminal_size(&columns, &rows);
        return isatty(STDOUT_FILENO) || getenv("COLUMNS") ? columns : SIZE_MAX / 2;
}

bool terminal_is_ours(void)
{
        pid_t group = tcgetpgrp(STDOUT_FILENO);
        return group < 0 || group == getpgrp();
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

/* Keys that somebody types would be echoed into the frame. Who has not the terminal must not touch it. */
static void silence_keys(struct terminal *terminal)
{
        struct termios silent;
        pid_t group = tcgetpgrp(STDIN_FILENO);
        if (group < 0 || group != getpgrp() || tcgetattr(STDIN_FILENO, &terminal->former) < 0)
                return;
        silent = terminal->former;
        silent.c_lflag &= (tcflag_t) ~(ECHO | ICANON);
        silent.c_cc[VMIN] = 0;
        silent.c_cc[VTIME] = 0;
        terminal->silenced = tcsetattr(STDIN_FILENO, TCSANOW, &silent) == 0;
}

static bool is_shown(const struct terminal *terminal, const struct view_lines *lines, size_t i)
{
        return i < terminal->shown.count && string_equal(terminal->shown.items[i], lines->items[i]);
}

static void append_changes(
        const struct terminal *terminal, const struct view_lines *lines, struct buffer *frame)
{
        for (size_t i = 0; i < lines->count; i++)
                if (!is_shown(terminal, lines, i))
                        buffer_append_format(frame, "\x1b[%zu;1H\x1b[K%s", i + 1, lines->items[i]);
        if (lines->count < terminal->shown.count)
                buffer_append_format(frame, "\x1b[%zu;1H\x1b[J", lines->count + 1);
}

static void keep(struct terminal *terminal, const struct view_lines *lines)
{
        view_lines_deinit(&terminal->shown);
        terminal->shown.items = memory_new_array(lines->count + 1, sizeof(*lines->items));
        for (size_t i = 0; i < lines->count; i++)
                terminal->shown.items[i] = string_copy(lines->items[i]);
        terminal->shown.count = lines->count;
}

void terminal_draw(struct terminal *terminal, const struct view_lines *lines)
{
        _cleanup_buffer_ struct buffer changes = {0}, frame = {0};
        size_t columns, rows;
        terminal_size(&columns, &rows);
        if (!terminal->entered) {
                silence_keys(terminal);
                buffer_append_string(&changes, ENTER);
        } else if (columns != terminal->columns || rows != terminal->rows) {
                /* After a change of size nobody knows what stands where. */
                view_lines_deinit(&terminal->shown);
                buffer_append_string(&changes, CLEAR);
        }
        append_changes(terminal, lines, &changes);
        terminal->entered = true;
        terminal->columns = columns;
        terminal->rows = rows;
        keep(terminal, lines);
        if (changes.size == 0)
                return;
        buffer_append_format(&frame, "%s%s%s", BEGIN_FRAME, changes.data, END_FRAME);
        write_all(&frame);
}

void terminal_forget(struct terminal *terminal)
{
        terminal->columns = 0;
}

void terminal_leave(struct terminal *terminal)
{
        _cleanup_buffer_ struct buffer text = {0};
        if (!terminal->entered)
                return;
        /* A console without an alternate screen goes on below the frame. */
        buffer_append_format(&text, "\x1b[%zu;1H\x1b[J%s", terminal->shown.count + 1, LEAVE);
        write_all(&text);
        if (terminal->silenced)
                (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->former);
        view_lines_deinit(&terminal->shown);
        terminal->entered = terminal->silenced = false;
}
