/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/stage_news.h"

#include "client/ends.h"
#include "lib/clock.h"

char *stage_news(json_t *told, const json_t *stage)
{
        _cleanup_free_ char *name = member_text(stage, "name"), *state = member_text(stage, "state");
        const char *former = json_string_value(json_object_get(told, name));
        if (string_equal(former, state))
                return NULL;
        json_object_set_new(told, name, json_string(state));
        if (string_equal(state, "pending"))
                return NULL;
        _cleanup_free_ char *title = member_text(stage, "title");
        int64_t started_ms = member_time_ms(stage, "started_at"),
                finished_ms = member_time_ms(stage, "finished_at");
        bool over = (string_equal(state, "succeeded") || string_equal(state, "failed")) &&
                    finished_ms >= started_ms && started_ms > 0;
        _cleanup_free_ char *took = over ? clock_format_duration((uint64_t)(finished_ms - started_ms)) : NULL;
        return string_format("%s: %s (%s%s%s)", name, state, title, took ? ", " : "", took ? took : "");
}

const json_t *stage_in_order(const json_t *stages, const json_t *status, size_t index)
{
        const json_t *list = json_object_get(stages, "stages");
        size_t count = json_array_size(list);
        if (index >= count)
                return NULL;
        return json_array_get(list, status_is_on_the_way_back(status) ? count - 1 - index : index);
}
