/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/view.h"

#include "client/colours.h"
#include "client/columns.h"
#include "client/ends.h"
#include "client/output.h"

#include "lib/clock.h"
#include "lib/text.h"

#include <string.h>

#define BAR_COLUMNS_MOST 30
#define BAR_COLUMNS_LEAST 8
#define TITLE_COLUMNS ((size_t)44)
#define TOOK_COLUMNS 14
#define EVENTS_IN_LITTLE_ROOM 2
#define COLUMNS_LEAST 20
#define ROWS_LEAST 4
#define INDENT "   "

static const struct {
        const char *state;
        const char *mark;
        const char *ascii;
        const char *colour;
} marks[] = {
        {"succeeded", "✓", "+", COLOUR_GREEN},
        {"skipped", "-", "-", COLOUR_DIM},
        {"running", "▸", ">", COLOUR_BOLD},
        {"failed", "✗", "x", COLOUR_RED},
        {"pending", "·", ".", COLOUR_DIM},
        {"undoing", "◂", "<", COLOUR_BOLD},
        {"undone", "↩", "u", COLOUR_YELLOW},
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
        if (!view->utf8)
                columns_to_ascii(text);
        columns_cut(text, view->columns);
        lines->items = memory_resize(lines->items, lines->count + 1, sizeof(*lines->items));
        lines->items[lines->count++] =
                view->colour && colour ? string_format("%s%s" COLOUR_PLAIN, colour, text) : string_copy(text);
        free(text);
}

static char *elapsed(const json_t *from, const char *start_name, int64_t until_ms)
{
        int64_t started_ms = member_time_ms(from, start_name);
        if (started_ms == 0 || until_ms < started_ms)
                return string_copy("");
        return clock_format_duration((uint64_t)(until_ms - started_ms));
}

/* The heading */

struct count {
        long long done, total;
};

/* How far it has come, in the direction in which it moves. */
static struct count count_stages(const struct view *view)
{
        const json_t *stages = json_object_get(view->stages, "stages");
        struct count count = {0};
        size_t i;
        json_t *stage;
        if (!status_is_on_the_way_back(view->status))
                return (struct count){member_integer(view->status, "stages_done"),
                        member_integer(view->status, "stages_total")};
        json_array_foreach(stages, i, stage)
        {
                _cleanup_free_ char *state = member_text(stage, "state");
                count.done += string_equal(state, "undone");
                count.total += member_integer(stage, "attempts") > 0;
        }
        return count;
}

/* With all that there is to say, or in fewer words: 0 to 2. */
static char *heading(const struct view *view, int brevity)
{
        _cleanup_free_ char *site = member_text(view->status, "site");
        _cleanup_free_ char *state = member_text(view->status, "state");
        _cleanup_free_ char *from = member_text(view->status, "from_version");
        _cleanup_free_ char *to = member_text(view->status, "to_version");
        int64_t finished_ms = member_time_ms(view->status, "finished_at");
        int64_t now_ms = finished_ms ? finished_ms : member_time_ms(view->status, "time");
        _cleanup_free_ char *took = elapsed(view->status, "started_at", now_ms);
        struct count count = count_stages(view);
        struct buffer text = {0};
        buffer_append_string(&text, site);
        if (*from && brevity == 0)
                buffer_append_format(&text, ", %s %s %s", from, view->utf8 ? "→" : "->", *to ? to : "3");
        buffer_append_format(&text, ": %s%s%s", state, *took ? ", " : "", took);
        if (brevity == 0)
                buffer_append_format(&text, " (%lld of %lld stages %s)", count.done, count.total,
                        status_is_on_the_way_back(view->status) ? "taken back" : "done");
        if (brevity == 1)
                buffer_append_format(&text, " (%lld of %lld)", count.done, count.total);
        return buffer_steal(&text);
}

static void add_heading(const struct view *view, struct view_lines *lines)
{
        _cleanup_free_ char *text = NULL;
        for (int brevity = 0; brevity < 3; brevity++) {
                string_replace(&text, heading(view, brevity));
                if (columns_of(text) <= view->columns)
                        break;
        }
        add_line(view, lines, COLOUR_BOLD, steal(&text));
}

/* The stages */

static void append_padded(struct buffer *line, const char *text, size_t columns)
{
        size_t taken = columns_of(text);
        buffer_append_string(line, text);
        for (; taken < columns; taken++)
                buffer_append(line, " ", 1);
}

/* What stands behind the title; owned by the caller. */
static char *details(const struct view *view, const json_t *stage, const char *state)
{
        if (stage_is_at_work(state))
                return string_equal(state, "running")
                               ? elapsed(stage, "started_at", member_time_ms(view->status, "time"))
                               : string_copy("is taken back");
        if (string_equal(state, "failed"))
                return member_text(stage, "error_code");
        if (string_equal(state, "undone"))
                return string_copy("taken back");
        if (string_equal(state, "skipped"))
                return string_copy("skipped");
        return string_equal(state, "pending")
                       ? string_copy("")
                       : elapsed(stage, "started_at", member_time_ms(stage, "finished_at"));
}

/* As wide as the longest title; in a narrow terminal there is room for a time beside it. */
static size_t title_width(const struct view *view, const json_t *stages)
{
        size_t longest = 0, frame = strlen(INDENT) + TOOK_COLUMNS;
        size_t most = view->columns > frame + TOOK_COLUMNS ? view->columns - frame : TOOK_COLUMNS;
        for (size_t i = 0; i < json_array_size(stages); i++) {
                _cleanup_free_ char *title = member_text(json_array_get(stages, i), "title");
                size_t columns = columns_of(title);
                longest = columns > longest ? columns : longest;
        }
        most = most < TITLE_COLUMNS ? most : TITLE_COLUMNS;
        return longest + 2 < most ? longest + 2 : most;
}

static void add_stage(const struct view *view, struct view_lines *lines, const json_t *stage, size_t width)
{
        struct buffer line = {0};
        _cleanup_free_ char *state = member_text(stage, "state"), *title = member_text(stage, "title");
        _cleanup_free_ char *behind = details(view, stage, state);
        const char *mark = " ", *colour = NULL;
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
                if (string_equal(marks[i].state, state)) {
                        mark = view->utf8 ? marks[i].mark : marks[i].ascii;
                        colour = marks[i].colour;
                }
        columns_cut(title, width - 1);
        buffer_append_format(&line, " %s ", mark);
        append_padded(&line, title, *behind ? width : 0);
        buffer_append_string(&line, behind);
        add_line(view, lines, colour, buffer_steal(&line));
}

static void append_bar(const struct view *view, struct buffer *line, double part, size_t columns)
{
        size_t full = (size_t)(part * (double)columns);
        buffer_append_string(line, view->utf8 ? "" : "[");
        for (size_t i = 0; i < columns; i++)
                buffer_append_string(line, i < full ? view->utf8 ? "█" : "#" : view->utf8 ? "░" : "-");
        buffer_append_string(line, view->utf8 ? " " : "] ");
}

/* What is to be said of the progress, as much as the width allows: the share and the time that is left before
 * the rate, the amounts last. Owned by the caller. */
static char *progress_words(const json_t *progress, size_t columns)
{
        struct progress_text parts;
        progress_text_init(&parts, progress);
        const char *const order[] = {parts.share, parts.left, parts.rate, parts.amount};
        const char *const shown[] = {parts.share, parts.amount, parts.rate, parts.left};
        bool fits[ARRAY_SIZE(order)] = {false};
        size_t taken = 0;
        struct buffer text = {0};
        for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
                size_t wanted = columns_of(order[i]) + (taken > 0 ? 2 : 0);
                if (!*order[i] || taken + wanted > columns)
                        continue;
                taken += wanted;
                for (size_t k = 0; k < ARRAY_SIZE(shown); k++)
                        fits[k] |= shown[k] == order[i];
        }
        for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
                if (fits[i])
                        buffer_append_format(&text, "%s%s", text.size > 0 ? ", " : "", shown[i]);
        progress_text_deinit(&parts);
        return buffer_steal(&text);
}

static void add_progress(const struct view *view, struct view_lines *lines, const json_t *progress)
{
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        struct buffer line = {0};
        size_t room = view->columns - strlen(INDENT);
        buffer_append_string(&line, INDENT);
        if (total > 0 && room > 3 * BAR_COLUMNS_LEAST) {
                size_t bar = room / 3 < BAR_COLUMNS_MOST ? room / 3 : BAR_COLUMNS_MOST;
                append_bar(view, &line, done >= total ? 1 : (double)done / (double)total, bar);
                room -= bar + (view->utf8 ? 1 : 3);
        }
        _cleanup_free_ char *words = progress_words(progress, room);
        buffer_append_string(&line, words);
        add_line(view, lines, COLOUR_BOLD, buffer_steal(&line));
}

/* The stage that is at work, else the last one that something has happened to. */
static size_t find_current(const json_t *stages)
{
        size_t current = 0;
        for (size_t i = 0; i < json_array_size(stages); i++) {
                const char *state = json_string_value(json_object_get(json_array_get(stages, i), "state"));
                if (!string_equal(state, "undone") && !string_equal(state, "pending"))
                        current = i;
                if (stage_is_at_work(state))
                        break;
        }
        return current;
}

/* All stages, or so many around the one at work; below that one, how far it is. */
static void add_stages(const struct view *view, struct view_lines *lines, size_t room)
{
        const json_t *stages = json_object_get(view->stages, "stages");
        const json_t *progress = json_object_get(view->status, "progress");
        size_t count = json_array_size(stages), current = find_current(stages), first = 0;
        size_t width = title_width(view, stages);
        bool tells = json_is_object(progress) && room > 1 && !status_is_cleaning(view->status);
        room -= tells;
        if (count > room) {
                first = current > room / 2 ? current - room / 2 : 0;
                first = first > count - room ? count - room : first;
                count = first + room;
        }
        for (size_t i = first; i < count; i++) {
                const json_t *stage = json_array_get(stages, i);
                add_stage(view, lines, stage, width);
                const char *state = json_string_value(json_object_get(stage, "state"));
                if (tells && stage_is_at_work(state))
                        add_progress(view, lines, progress);
        }
}

/* The log */

static void add_event(const struct view *view, struct view_lines *lines, const json_t *event)
{
        _cleanup_free_ char *time = member_text(event, "time"), *text = member_text(event, "text");
        _cleanup_free_ char *level = member_text(event, "level");
        const char *clock = strlen(time) > 19 ? time + 11 : time;
        const char *colour = string_equal(level, "error")     ? COLOUR_RED
                             : string_equal(level, "warning") ? COLOUR_YELLOW
                                                              : COLOUR_DIM;
        add_line(view, lines, colour, string_format(" %.8s %s", clock, text));
}

static void add_events(const struct view *view, struct view_lines *lines, size_t room)
{
        size_t count = json_array_size(view->events);
        size_t shown = count < VIEW_EVENTS_MOST ? count : VIEW_EVENTS_MOST;
        if (shown < room && room > EVENTS_IN_LITTLE_ROOM) {
                add_line(view, lines, NULL, string_copy(""));
                room--;
        }
        shown = shown < room ? shown : room;
        for (size_t i = count - shown; i < count; i++)
                add_event(view, lines, json_array_get(view->events, i));
}

/* What no stage does. */
static void add_cleaning(const struct view *view, struct view_lines *lines)
{
        const json_t *progress = json_object_get(view->status, "progress");
        if (!status_is_cleaning(view->status))
                return;
        add_line(view, lines, COLOUR_BOLD,
                string_format(" %s The backups are being deleted", view->utf8 ? "▸" : ">"));
        if (json_is_object(progress))
                add_progress(view, lines, progress);
}

/* What goes on beside the stages, until the one that takes it is at work. */
static void add_prefetch(const struct view *view, struct view_lines *lines)
{
        const json_t *prefetch = json_object_get(view->status, "prefetch");
        _cleanup_free_ char *state = member_text(prefetch, "state");
        _cleanup_free_ char *stage = member_text(view->status, "stage");
        _cleanup_free_ char *words = format_prefetch(prefetch);
        if (string_equal(state, "running") && !string_equal(stage, "download_package"))
                add_line(view, lines, COLOUR_DIM, string_format(" The package is %s", words));
}

void view_render(const struct view *view, struct view_lines *ret)
{
        struct view sized = *view;
        struct view_lines lines = {0};
        sized.columns = view->columns < COLUMNS_LEAST ? COLUMNS_LEAST : view->columns;
        sized.rows = view->rows < ROWS_LEAST ? ROWS_LEAST : view->rows;
        size_t room = sized.rows - 1 - (view->note ? 1 : 0), for_events;
        add_heading(&sized, &lines);
        add_cleaning(&sized, &lines);
        add_prefetch(&sized, &lines);
        /* Little room is for the stages, but for the last lines of the log. */
        for_events = room > 3 * EVENTS_IN_LITTLE_ROOM ? EVENTS_IN_LITTLE_ROOM : 0;
        for_events = json_array_size(view->events) < for_events ? json_array_size(view->events) : for_events;
        size_t left = room > lines.count ? room - lines.count : 0;
        add_stages(&sized, &lines, left > for_events ? left - for_events : 0);
        add_events(&sized, &lines, room > lines.count ? room - lines.count : 0);
        if (view->note)
                add_line(&sized, &lines, COLOUR_YELLOW, text_printable(view->note, false));
        else if (view->hint && room > lines.count + 1) {
                add_line(&sized, &lines, NULL, string_copy(""));
                add_line(&sized, &lines, COLOUR_DIM, string_copy(view->hint));
        }
        *ret = lines;
}

void view_summary(const struct view *view, struct view_lines *ret)
{
        struct view sized = *view;
        struct view_lines lines = {0};
        const json_t *stages = json_object_get(view->stages, "stages");
        sized.columns = view->columns < COLUMNS_LEAST ? COLUMNS_LEAST : view->columns;
        size_t width = title_width(&sized, stages);
        add_heading(&sized, &lines);
        for (size_t i = 0; i < json_array_size(stages); i++)
                add_stage(&sized, &lines, json_array_get(stages, i), width);
        *ret = lines;
}
