/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/grid.h"

#include "client/columns.h"
#include "lib/memory.h"

#define GAP 2

void grid_deinit(struct grid *grid)
{
        for (size_t i = 0; i < grid->count; i++)
                free(grid->cells[i]);
        freep(&grid->cells);
        grid->count = 0;
}

void grid_add(struct grid *grid, char *text)
{
        grid->cells = memory_grow(grid->cells, grid->count, sizeof(*grid->cells));
        grid->cells[grid->count++] = text ? text : string_copy("");
}

static size_t width_of(const struct grid *grid, size_t column)
{
        size_t most = columns_of(grid->heads[column]);
        for (size_t i = column; i < grid->count; i += grid->columns) {
                size_t columns = columns_of(grid->cells[i]);
                most = columns > most ? columns : most;
        }
        return most;
}

/* Blanks are only printed when a text comes behind them. */
static void print_row(
        const struct grid *grid, const size_t *widths, const char *const *cells, size_t count, FILE *file)
{
        size_t owed = 0;
        for (size_t i = 0; i < count; i++) {
                if (*cells[i]) {
                        fprintf(file, "%*s%s", (int)owed, "", cells[i]);
                        owed = 0;
                }
                owed += widths[i] - columns_of(cells[i]) + GAP;
        }
        fputc('\n', file);
}

void grid_print(const struct grid *grid, FILE *file)
{
        _cleanup_free_ size_t *widths = memory_new_array(grid->columns, sizeof(*widths));
        for (size_t i = 0; i < grid->columns; i++)
                widths[i] = width_of(grid, i);
        print_row(grid, widths, grid->heads, grid->columns, file);
        for (size_t i = 0; i < grid->count; i += grid->columns) {
                size_t left = grid->count - i;
                print_row(grid, widths, (const char *const *)grid->cells + i,
                        left < grid->columns ? left : grid->columns, file);
        }
}
