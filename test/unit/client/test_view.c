/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/columns.h"
#include "client/view.h"

#include "lib/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

#define STATUS                                                                                               \
        "{\"site\":\"shop\",\"state\":\"running\",\"from_version\":\"2.16.5\",\"to_version\":\"3.0.2\","     \
        "\"started_at\":\"2026-11-22T16:00:00.000Z\",\"finished_at\":null,"                                  \
        "\"time\":\"2026-11-22T16:01:12.500Z\",\"stages_done\":1,\"stages_total\":3,"                        \
        "\"progress\":{\"done\":30000000,\"total\":60000000,\"unit\":\"bytes\",\"rate_per_second\":2000000," \
        "\"eta_seconds\":15}}"
#define STAGES                                                                                               \
        "{\"stages\":[{\"name\":\"preflight\",\"title\":\"Check the site\",\"state\":\"succeeded\","         \
        "\"started_at\":\"2026-11-22T16:00:00.000Z\",\"finished_at\":\"2026-11-22T16:00:02.500Z\"},"         \
        "{\"name\":\"download_package\",\"title\":\"Download the package\",\"state\":\"running\","           \
        "\"started_at\":\"2026-11-22T16:00:02.500Z\"},"                                                      \
        "{\"name\":\"extract_package\",\"title\":\"Extract the package\",\"state\":\"pending\"}]}"
#define EVENTS                                                                                               \
        "[{\"time\":\"2026-11-22T16:00:01.000Z\",\"level\":\"info\",\"text\":\"old\"},"                      \
        "{\"time\":\"2026-11-22T16:00:02.000Z\",\"level\":\"warning\",\"text\":\"evil \\u001b[2J name\"}]"

struct frame {
        json_t *status, *stages, *events;
        struct view view;
        struct view_lines lines;
};

static int set_up(void **state)
{
        struct frame *frame = memory_new(sizeof(*frame));
        frame->status = json_loads(STATUS, 0, NULL);
        frame->stages = json_loads(STAGES, 0, NULL);
        frame->events = json_loads(EVENTS, 0, NULL);
        assert_non_null(frame->status);
        assert_non_null(frame->stages);
        assert_non_null(frame->events);
        frame->view = (struct view){.status = frame->status,
                .stages = frame->stages,
                .events = frame->events,
                .columns = 110,
                .rows = 24};
        *state = frame;
        return 0;
}

static int tear_down(void **state)
{
        struct frame *frame = *state;
        view_lines_deinit(&frame->lines);
        json_decref(frame->status);
        json_decref(frame->stages);
        json_decref(frame->events);
        free(frame);
        return 0;
}

static void test_a_frame(void **state)
{
        struct frame *frame = *state;
        static const char *const expected[] = {
                "shop, 2.16.5 -> 3.0.2: running, 1 min 12 s (1 of 3 stages done)",
                " + Check the site        2.5 s",
                " > Download the package  1 min 10 s",
                ("   [###############---------------] 50 %, 30.0 MB of 60.0 MB, 2.0 MB/s, 15 "
                 "s left"),
                " . Extract the package",
                "",
                " 16:00:01 old",
                " 16:00:02 evil ?[2J name",
                "",
                "the hint",
        };
        frame->view.hint = "the hint";
        view_render(&frame->view, &frame->lines);
        assert_int_equal(frame->lines.count, ARRAY_SIZE(expected));
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
                assert_string_equal(frame->lines.items[i], expected[i]);
}

static void test_a_frame_of_the_way_back(void **state)
{
        struct frame *frame = *state;
        static const char *const states[] = {"succeeded", "undoing", "undone"};
        static const char *const expected[] = {
                "shop, 2.16.5 -> 3.0.2: rolling_back, 1 min 12 s (1 of 3 stages taken back)",
                " + Check the site        2.5 s",
                " < Download the package  is taken back",
                ("   [###############---------------] 50 %, 30.0 MB of 60.0 MB, 2.0 MB/s, 15 "
                 "s left"),
                " u Extract the package   taken back",
        };
        json_object_set_new(frame->status, "state", json_string("rolling_back"));
        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                json_t *stage = json_array_get(json_object_get(frame->stages, "stages"), i);
                json_object_set_new(stage, "state", json_string(states[i]));
                json_object_set_new(stage, "attempts", json_integer(1));
        }
        view_render(&frame->view, &frame->lines);
        for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
                assert_string_equal(frame->lines.items[i], expected[i]);
}

static void test_colour_only_when_asked_for(void **state)
{
        struct frame *frame = *state;
        view_render(&frame->view, &frame->lines);
        for (size_t i = 0; i < frame->lines.count; i++)
                assert_null(strchr(frame->lines.items[i], '\x1b'));
        view_lines_deinit(&frame->lines);
        frame->view.colour = true;
        view_render(&frame->view, &frame->lines);
        assert_string_equal(frame->lines.items[7], "\x1b[33m 16:00:02 evil ?[2J name\x1b[0m");
}

/* Whatever the size, no line is wider and there are fewer lines than rows: else drawing in place breaks. */
static void test_every_size_fits(void **state)
{
        struct frame *frame = *state;
        frame->view.note = "the daemon is gone";
        json_object_set_new(frame->status, "site", json_string("お店"));
        json_object_set_new(json_array_get(json_object_get(frame->stages, "stages"), 1), "title",
                json_string("お店のパッケージ e\u0301te\u0301"));
        for (int utf8 = 0; utf8 < 2; utf8++)
                for (size_t columns = 20; columns < 130; columns++)
                        for (size_t rows = 4; rows < 14; rows++) {
                                frame->view.columns = columns;
                                frame->view.rows = rows;
                                frame->view.utf8 = utf8;
                                view_render(&frame->view, &frame->lines);
                                assert_true(frame->lines.count < rows);
                                for (size_t i = 0; i < frame->lines.count; i++)
                                        assert_true(columns_of(frame->lines.items[i]) <= columns);
                                assert_string_equal(
                                        frame->lines.items[frame->lines.count - 1], "the daemon is gone");
                                view_lines_deinit(&frame->lines);
                        }
}

/* Little room shows the stage at work rather than the first ones. */
static void test_the_stage_at_work_is_in_sight(void **state)
{
        struct frame *frame = *state;
        frame->view.rows = 4;
        view_render(&frame->view, &frame->lines);
        assert_int_equal(frame->lines.count, 3);
        assert_non_null(
                strstr(frame->lines.items[2], "Download") ?: strstr(frame->lines.items[1], "Download"));
}

/* What there is room for, the most wanted first. */
static void test_a_narrow_terminal_keeps_what_counts(void **state)
{
        struct frame *frame = *state;
        static const struct {
                size_t columns;
                const char *heading, *progress;
        } cases[] = {
                {80, "shop, 2.16.5 -> 3.0.2: running, 1 min 12 s (1 of 3 stages done)",
                        "   [############-------------] 50 %, 30.0 MB of 60.0 MB, 2.0 MB/s, 15 s left"},
                {60, "shop: running, 1 min 12 s (1 of 3)",
                        "   [#########----------] 50 %, 2.0 MB/s, 15 s left"},
                {40, "shop: running, 1 min 12 s (1 of 3)", "   [######------] 50 %, 15 s left"},
                {30, "shop: running, 1 min 12 s", "   [####-----] 50 %, 15 s left"},
                {20, "shop: running, 1 min", "   50 %, 15 s left"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                frame->view.columns = cases[i].columns;
                view_render(&frame->view, &frame->lines);
                assert_string_equal(frame->lines.items[0], cases[i].heading);
                assert_string_equal(frame->lines.items[3], cases[i].progress);
                view_lines_deinit(&frame->lines);
        }
}

static void test_the_summary_has_every_stage(void **state)
{
        struct frame *frame = *state;
        frame->view.rows = 4;
        view_summary(&frame->view, &frame->lines);
        assert_int_equal(frame->lines.count, 4);
        assert_string_equal(frame->lines.items[1], " + Check the site        2.5 s");
        assert_string_equal(frame->lines.items[3], " . Extract the package");
}

static void test_answers_that_are_not_there(void **state)
{
        struct frame *frame = *state;
        struct view view = {.status = NULL, .columns = 0, .rows = 0};
        view_render(&view, &frame->lines);
        assert_int_equal(frame->lines.count, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_a_frame, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_frame_of_the_way_back, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_colour_only_when_asked_for, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_every_size_fits, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_the_stage_at_work_is_in_sight, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_narrow_terminal_keeps_what_counts, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_the_summary_has_every_stage, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_answers_that_are_not_there, set_up, tear_down),
        };
        setlocale(LC_CTYPE, "C.UTF-8");
        return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
