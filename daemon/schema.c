/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The last resort through the API: what doctrine:schema:update would do, and doing it. */
#include "daemon/answers.h"

#include "lib/text.h"

#include <string.h>

#define NAME_LIMIT 256

struct order_text {
        char *plan, *confirmation;
};

static void order_text_deinit(struct order_text *text)
{
        free(text->plan);
        free(text->confirmation);
}

static int read_text(const char *name, const json_t *value, char **ret, struct error *err)
{
        const char *text = json_string_value(value);
        if (!text || strlen(text) != json_string_length(value) || json_string_length(value) > NAME_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT, "%s must be a string of at most %d bytes",
                        name, NAME_LIMIT);
        string_replace(ret, string_copy(text));
        return 0;
}

/* The strings of *order belong to *text. */
static int read_order(const struct api_request *request, struct order_text *text, struct schema_order *order,
        struct error *err)
{
        json_auto_t *body = NULL;
        const char *name;
        json_t *value;
        if (api_body_object(request, &body, err) < 0)
                return -1;
        json_object_foreach(body, name, value)
        {
                int r = 0;
                if (string_equal(name, "complete") && json_is_boolean(value))
                        order->complete = json_is_true(value);
                else if (string_equal(name, "plan") && order->force)
                        r = read_text(name, value, &text->plan, err);
                else if (string_equal(name, "confirm") && order->force)
                        r = read_text(name, value, &text->confirmation, err);
                else
                        r = error_set(err, REASON_INVALID_ARGUMENT,
                                "the body has a member %.64s that is not known or does not fit; known are "
                                "complete (true or false)%s",
                                name, order->force ? ", plan and confirm (strings)" : "");
                if (r < 0)
                        return -1;
        }
        order->plan = text->plan;
        order->confirmation = text->confirmation;
        if (order->force && (!order->plan || !order->confirmation))
                return error_set(err, REASON_CONFIRMATION_WRONG,
                        "plan (of dump-sql's answer) and confirm (the database's name) must be given");
        return 0;
}

static json_t *drops_json(const struct schema_statements *statements)
{
        json_t *drops = json_array();
        for (size_t i = 0; i < statements->drop_count; i++)
                json_array_append_new(
                        drops, json_pack("{s:s, s:o, s:o}", "kind", drop_kind_name(statements->drops[i].kind),
                                       "table", text_json(statements->drops[i].table), "name",
                                       text_json(statements->drops[i].name)));
        return drops;
}

static json_t *backup_json(const struct schema_plan *plan)
{
        if (!plan->backup)
                return json_null();
        return json_pack(
                "{s:o, s:o}", "path", text_json(plan->backup), "finished_at", api_time(plan->backup_ms));
}

static json_t *plan_json(const struct schema_order *order, const struct schema_plan *plan)
{
        json_t *statements = json_array();
        for (size_t i = 0; i < plan->statements.count; i++)
                json_array_append_new(statements, text_json(plan->statements.items[i]));
        return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:I}", "database",
                text_json(plan->database), "complete", order->complete, "plan", text_json(plan->id),
                "statements", statements, "drops", drops_json(&plan->statements), "migrations_table",
                text_json(plan->migrations_table), "backup", backup_json(plan), "executed",
                (json_int_t)plan->executed, "rows_put_back", (json_int_t)plan->rows_put_back);
}

static int answer(struct api *api, bool force, const struct api_request *request, struct api_reply *reply,
        struct error *err)
{
        _cleanup_(order_text_deinit) struct order_text text = {0};
        _cleanup_schema_plan_ struct schema_plan plan = {0};
        struct schema_order order = {.force = force};
        if (read_order(request, &text, &order, err) < 0 ||
                api->options.upgrade.schema(api->options.upgrade.userdata, &order, &plan, err) < 0)
                return -1;
        api_reply_json(reply, 200, plan_json(&order, &plan));
        return 0;
}

int answer_schema_dump(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        return answer(api, false, request, reply, err);
}

int answer_schema_force(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        return answer(api, true, request, reply, err);
}
