/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The terminal that stdout is. While a view is shown it has the alternate screen, no cursor, and keys are not
 * echoed; only lines that changed are drawn, all of a frame with one write. What it was before comes back
 * with terminal_leave, whatever ends the view.
 */

#include "client/view.h"

#include <termios.h>

/* True when stdout is a terminal that can move its cursor. */
bool terminal_is_live(void);
bool terminal_has_colour(void);
bool terminal_has_utf8(void);
/* 80 columns and 24 rows where nobody says. Columns alone come from $COLUMNS where stdout is no terminal. */
void terminal_size(size_t *ret_columns, size_t *ret_rows);
/* How wide text may be: the terminal's columns; where stdout is none (and $COLUMNS does not say) whoever
 * reads it wraps it. */
size_t terminal_text_columns(void);
/* False when another job has the terminal. */
bool terminal_is_ours(void);

struct terminal {
        bool entered;
        bool silenced; /* keys are not echoed */
        struct termios former;
        struct view_lines shown;
        size_t columns, rows;
};
/* Draws the frame, after entering the view when that has not been done. */
void terminal_draw(struct terminal *terminal, const struct view_lines *lines);
/* Forgets what stands there: the next frame is drawn whole. */
void terminal_forget(struct terminal *terminal);
/* Brings back what was there before the view. */
void terminal_leave(struct terminal *terminal);
