/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a support bundle is made of, as the daemon sees it: redacted here, where the secrets can be read. */
#include "lib/support.h"
#include "daemon/answers.h"
#include "lib/text.h"

#include <microhttpd.h>
#include <uv.h>

/* What the daemon answers besides: under which name, and by which path it is known. */
static const struct {
        const char *name, *path;
        api_answer answer;
} answers[] = {
        {"status", "/v1/status", answer_status_now},
        {"stages", "/v1/stages", answer_stages},
        {"preflight", "/v1/preflight", answer_preflight},
        {"backup", "/v1/backup", answer_backup},
        {"migrations", "/v1/migrations", answer_migrations},
};

static void collect_answers(struct api *api, bool may_drive, struct support_source *source)
{
        const struct api_request plain = {.method = "GET", .may_drive = may_drive};
        for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
                _cleanup_api_reply_ struct api_reply reply = {0};
                _cleanup_error_ struct error err = {0};
                if (answers[i].answer(api, &plain, &reply, &err) == 0)
                        json_object_set_new(source->answers, answers[i].name,
                                json_loadb(reply.body.data, reply.body.size, 0, NULL));
                else
                        json_array_append_new(
                                source->not_answered, json_pack("{s:s, s:o}", "what", answers[i].path, "why",
                                                              text_json(error_message(&err))));
        }
}

int answer_support(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        json_auto_t *others = json_object(), *not_answered = json_array();
        struct support_source source = {.config = api->options.config,
                .state_path = api->options.state_path,
                .answers = others,
                .not_answered = not_answered,
                .cancel = api->options.cancel};
        collect_answers(api, request->may_drive, &source);
        json_t *answer = support_collect(&source);
        json_t *versions = json_object_get(answer, "versions");
        json_object_set_new(versions, "libmicrohttpd", text_json(MHD_get_version()));
        json_object_set_new(versions, "libuv", text_json(uv_version_string()));
        api_reply_json(reply, 200, answer);
        return 0;
}
