/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/view.h"

#include "client/ends.h"
#include "lib/text.h"

#include <string.h>

#define BAR_COLUMNS 24
#define TITLE_COLUMNS ((size_t)40)
#define EVENTS_SHOWN 5
#define COLUMNS_LEAST 20
#define ROWS_LEAST 4

#define PLAIN "\x1b[0m"
#define BOLD "\x1b[1m"
#define DIM "\x1b[2m"
#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define YELLOW "\x1b[33m"

static const struct {
        const char *state;
        const char *mark;
        const char *ascii;
        const char *colour;
} marks[] = {
        {"succeeded", "✓", "+", GREEN},
        {"skipped", "-", "-", DIM},
        {"running", "▸", ">", BOLD},
        {"failed", "✗", "x", RED},
        {"pending", "·", ".", DIM},
        {"undoing", "◂", "<", BOLD},
        {"undone", "↩", "u", YELLOW},
};

void view_lines_deinit(struct view_lines *lines)
{
        for (size_t i = 0; i < lines->count; i++)
                free(lines->items[i]);
        free(lines->items);
        *lines = (struct view_lines){0};
}

/* Takes text over, cuts it to the width, and only then colours it. */
static void add_line(const struct view *view, struct view_lines *lines, const char *colour, char *text)
{
        text_cut(text, view->columns);
        lines->items = memory_resize(lines->items, lines->count + 1, sizeof(*lines->items));
        lines->items[lines->count++] =
                view->colour && colour ? string_format("%s%s" PLAIN, colour, text) : string_copy(text);
        free(text);
}

static char *elapsed(const json_t *from, const char *start_name, int64_t until_ms)
{
        int64_t started_ms = member_time_ms(from, start_name);
        if (started_ms == 0 || until_ms < started_ms)
                return string_copy("");
        return format_duration((uint64_t)(until_ms - started_ms));
}

/* How far it has come, in the direction in which it moves. */
static char *count_stages(const struct view *view)
{
        const json_t *stages = json_object_get(view->stages, "stages");
        long long undone = 0, begun = 0;
        size_t i;
        json_t *stage;
        if (!status_is_on_the_way_back(view->status))
                return string_format("%lld of %lld stages done",
                        (long long)member_integer(view->status, "stages_done"),
                        (long long)member_integer(view->status, "stages_total"));
        json_array_foreach(stages, i, stage)
        {
                _cleanup_free_ char *state = member_text(stage, "state");
                undone += string_equal(state, "undone");
                begun += member_integer(stage, "attempts") > 0;
        }
        return string_format("%lld of %lld stages taken back", undone, begun);
}

static void add_heading(const struct view *view, struct view_lines *lines)
{
        _cleanup_free_ char *site = member_text(view->status, "site");
        _cleanup_free_ char *state = member_text(view->status, "state");
        _cleanup_free_ char *from = member_text(view->status, "from_version");
        _cleanup_free_ char *to = member_text(view->status, "to_version");
        int64_t finished_ms = member_time_ms(view->status, "finished_at");
        int64_t now_ms = finished_ms ? finished_ms : member_time_ms(view->status, "time");
        _cleanup_free_ char *took = elapsed(view->status, "started_at", now_ms);
        _cleanup_free_ char *versions =
                *from ? string_format(", %s %s %s", from, view->utf8 ? "→" : "->", *to ? to : "3")
                      : string_copy("");
        _cleanup_free_ char *counted = count_stages(view);
        add_line(view, lines, BOLD,
                string_format("%s%s: %s%s%s (%s)", site, versions, state, *took ? ", " : "", took, counted));
}

static void append_bar(const struct view *view, struct buffer *line, const json_t *progress)
{
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        if (total <= 0)
                return;
        double part = done >= total ? 1 : (double)done / (double)total;
        int full = (int)(part * BAR_COLUMNS);
        buffer_append_string(line, view->utf8 ? "" : "[");
        for (int i = 0; i < BAR_COLUMNS; i++)
                buffer_append_string(line, i < full ? view->utf8 ? "█" : "#" : view->utf8 ? "░" : "-");
        buffer_append_string(line, view->utf8 ? " " : "] ");
}

static void append_padded(struct buffer *line, const char *text, size_t columns)
{
        size_t taken = text_columns(text);
        buffer_append_string(line, text);
        for (; taken < columns; taken++)
                buffer_append(line, " ", 1);
}

static void append_details(
        const struct view *view, struct buffer *line, const json_t *stage, const char *state)
{
        _cleanup_free_ char *code = member_text(stage, "error_code");
        if (stage_is_at_work(state)) {
                const json_t *progress = json_object_get(view->status, "progress");
                _cleanup_free_ char *text = format_progress(progress);
                append_bar(view, line, progress);
                buffer_append_string(line, text);
        } else if (string_equal(state, "failed")) {
                buffer_append_string(line, code);
        } else if (string_equal(state, "undone")) {
                buffer_append_string(line, "taken back");
        } else if (!string_equal(state, "pending")) {
                _cleanup_free_ char *took =
                        elapsed(stage, "started_at", member_time_ms(stage, "finished_at"));
                buffer_append_string(line, string_equal(state, "skipped") ? "skipped" : took);
        }
}

/* As wide as the longest title; a narrow terminal shows the progress rather than the whole title. */
static size_t title_width(const struct view *view, const json_t *stages)
{
        size_t longest = 0, most = view->columns >= 2 * TITLE_COLUMNS ? TITLE_COLUMNS : view->columns / 2;
        for (size_t i = 0; i < json_array_size(stages); i++) {
                _cleanup_free_ char *title = member_text(json_array_get(stages, i), "title");
                size_t columns = text_columns(title);
                longest = columns > longest ? columns : longest;
        }
        return longest + 2 < most ? longest + 2 : most;
}

static void add_stage(const struct view *view, struct view_lines *lines, const json_t *stage, size_t width)
{
        struct buffer line = {0};
        _cleanup_free_ char *state = member_text(stage, "state"), *title = member_text(stage, "title");
        const char *mark = " ", *colour = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
                if (string_equal(marks[i].state, state)) {
                        mark = view->utf8 ? marks[i].mark : marks[i].ascii;
                        colour = marks[i].colour;
                }
        text_cut(title, width - 1);
        buffer_append_format(&line, " %s ", mark);
        append_padded(&line, title, width);
        append_details(view, &line, stage, state);
        add_line(view, lines, colour, buffer_steal(&line));
}

/* All stages, or so many around the one at work. */
static void add_stages(const struct view *view, struct view_lines *lines, size_t room)
{
        const json_t *stages = json_object_get(view->stages, "stages");
        size_t count = json_array_size(stages), current = 0, first = 0;
        for (size_t i = 0; i < count; i++) {
                _cleanup_free_ char *state = member_text(json_array_get(stages, i), "state");
                bool taken_back = string_equal(state, "undone");
                if (!taken_back && !string_equal(state, "pending"))
                        current = i;
        }
        size_t width = title_width(view, stages);
        if (count > room) {
                first = current > room / 2 ? current - room / 2 : 0;
                first = first > count - room ? count - room : first;
                count = first + room;
        }
        for (size_t i = first; i < count; i++)
                add_stage(view, lines, json_array_get(stages, i), width);
}

static void add_events(const struct view *view, struct view_lines *lines, size_t room)
{
        size_t count = json_array_size(view->events);
        size_t shown = count < EVENTS_SHOWN ? count : EVENTS_SHOWN;
        if (room < 2 || shown == 0)
                return;
        shown = shown < room - 1 ? shown : room - 1;
        add_line(view, lines, NULL, string_copy(""));
        for (size_t i = count - shown; i < count; i++) {
                const json_t *event = json_array_get(view->events, i);
                _cleanup_free_ char *time = member_text(event, "time"), *text = member_text(event, "text");
                _cleanup_free_ char *level = member_text(event, "level");
                const char *clock = strlen(time) > 19 ? time + 11 : time;
                const char *colour = string_equal(level, "error")     ? RED
                                     : string_equal(level, "warning") ? YELLOW
                                                                      : DIM;
                add_line(view, lines, colour, string_format(" %.8s %s", clock, text));
        }
}

void view_render(const struct view *view, struct view_lines *ret)
{
        struct view sized = *view;
        struct view_lines lines = {0};
        sized.columns = view->columns < COLUMNS_LEAST ? COLUMNS_LEAST : view->columns;
        sized.rows = view->rows < ROWS_LEAST ? ROWS_LEAST : view->rows;
        size_t room = sized.rows - 1 - (view->note ? 1 : 0);
        add_heading(&sized, &lines);
        add_stages(&sized, &lines, room - lines.count);
        add_events(&sized, &lines, room - lines.count);
        if (view->note)
                add_line(&sized, &lines, YELLOW, text_printable(view->note, false));
        *ret = lines;
}
