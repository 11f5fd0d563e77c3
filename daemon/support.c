/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a support bundle is made of, as the daemon sees it. */
#include "lib/support.h"
#include "daemon/answers.h"
#include "lib/text.h"

#include <microhttpd.h>
#include <uv.h>

int answer_support(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        const struct support_source source = {
                .config = api->options.config, .state_path = api->options.state_path};
        json_t *answer = support_collect(&source);
        json_t *versions = json_object_get(answer, "versions");
        json_object_set_new(versions, "libmicrohttpd", text_json(MHD_get_version()));
        json_object_set_new(versions, "libuv", text_json(uv_version_string()));
        api_reply_json(reply, 200, answer);
        return 0;
}
