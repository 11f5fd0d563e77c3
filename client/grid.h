/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A table of short texts: each column as wide as its widest cell. */

#include <stddef.h>
#include <stdio.h>

struct grid {
        const char *const *heads; /* borrowed; one for each column */
        size_t columns;
        char **cells; /* row after row */
        size_t count; /* of cells */
};
void grid_deinit(struct grid *grid);
#define _cleanup_grid_ _cleanup_(grid_deinit)
/* Appends a cell (taken over); NULL is an empty one. */
void grid_add(struct grid *grid, char *text);
/* Heads and rows, nothing behind the last text of a line. */
void grid_print(const struct grid *grid, FILE *file);
