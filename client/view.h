/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* One frame of the live view, made from the API's answers. No terminal here. */

#include "lib/memory.h"

#include <jansson.h>
#include <stdbool.h>

#define VIEW_EVENTS_MOST 10 /* so many events are shown */

struct view {
        const json_t *status; /* GET /v1/status */
        const json_t *stages; /* GET /v1/stages */
        const json_t *events; /* the newest events, oldest first: a list */
        size_t columns; /* no line is longer */
        size_t rows; /* there are fewer lines than this */
        bool colour;
        bool utf8;
        const char *note; /* such as that the daemon is gone, or NULL */
        const char *hint; /* how it ends; where there is room for it, or NULL */
};

/* The frame's lines, without line feeds. */
struct view_lines {
        char **items;
        size_t count;
};
void view_render(const struct view *view, struct view_lines *ret);
/* What is left to read when the view is over: heading and stages, as many as there are. */
void view_summary(const struct view *view, struct view_lines *ret);
void view_lines_deinit(struct view_lines *lines);
#define _cleanup_view_lines_ _cleanup_(view_lines_deinit)
