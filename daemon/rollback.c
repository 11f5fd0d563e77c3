/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way back, and its end: rollback and clean through the API. */
#include "daemon/answers.h"

static int read_files_only(const struct api_request *request, bool *ret, struct error *err)
{
        json_auto_t *body = NULL;
        const char *name;
        json_t *value;
        bool files_only = false;
        if (api_body_object(request, &body, err) < 0)
                return -1;
        json_object_foreach(body, name, value)
        {
                if (!string_equal(name, "files_only") || !json_is_boolean(value))
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "the body has a member %.64s that is not known or does not fit; known is "
                                "files_only (true or false)",
                                name);
                files_only = json_is_true(value);
        }
        *ret = files_only;
        return 0;
}

int answer_rollback(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        bool files_only = false;
        if (read_files_only(request, &files_only, err) < 0 ||
                api->options.upgrade.rollback(api->options.upgrade.userdata, files_only, err) < 0)
                return -1;
        api_reply_taken(api, EVENT_ROLLBACK, reply);
        return 0;
}

int answer_clean(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        if (api->options.upgrade.command(api->options.upgrade.userdata, EVENT_CLEAN, NULL, 0, err) < 0)
                return -1;
        api_reply_taken(api, EVENT_CLEAN, reply);
        return 0;
}
