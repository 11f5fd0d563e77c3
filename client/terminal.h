/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The terminal that stdout is: frames drawn over each other, each with one write. */

#include "client/view.h"

/* True when stdout is a terminal that can move its cursor. */
bool terminal_is_live(void);
bool terminal_has_colour(void);
bool terminal_has_utf8(void);
void terminal_size(size_t *ret_columns, size_t *ret_rows);

struct terminal {
        size_t lines; /* of the frame that stands there */
        size_t columns, rows;
};
/* Draws lines in place of the former ones; hides the cursor. */
void terminal_draw(struct terminal *terminal, const struct view_lines *lines);
/* Leaves the frame, shows the cursor below it. */
void terminal_leave(struct terminal *terminal);
