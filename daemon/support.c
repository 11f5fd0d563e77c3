/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a support bundle is made of, as the daemon sees it. */
#include "lib/support.h"
#include "daemon/answers.h"

#include <microhttpd.h>
#include <uv.h>

int answer_support(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        const struct support_source source = {
                .config = api->options.config, .state_path = api->options.state_path};
        json_t *answer = support_collect(&source);
        json_t *versions = json_object_get(answer, "versions");
        json_object_set_new(versions, "libmicrohttpd", api_text(MHD_get_version()));
        json_object_set_new(versions, "libuv", api_text(uv_version_string()));
        api_reply_json(reply, 200, answer);
        return 0;
}
