/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The API over an upgrade that is none, with a state folder and a site's root. Include it behind <cmocka.h>.
 */

#include "daemon/api.h"

#include "fake_upgrade.h"
#include "lib/checkpoint.h"
#include "lib/files.h"

#include <jansson.h>

struct fixture {
        char folder[32];
        char *state_path, *root;
        struct config config;
        struct cancel cancel;
        struct fake_upgrade fake;
        struct api *api;
        struct api_reply reply; /* for a test's own use; let go in the end */
};

static inline int set_up_site(void **state, const char *site)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        struct error err = {0};
        strcpy(fixture->folder, "/tmp/test-api-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        fixture->state_path = string_format("%s/state", fixture->folder);
        fixture->root = string_format("%s/root", fixture->folder);
        assert_int_equal(mkdir(fixture->state_path, 0700), 0);
        assert_int_equal(mkdir(fixture->root, 0700), 0);
        config_init(&fixture->config);
        fixture->config.root = string_copy(fixture->root);
        assert_int_equal(cancel_init(&fixture->cancel, &err), 0);
        const struct api_options options = {
                .config = &fixture->config,
                .site = site,
                .state_path = fixture->state_path,
                .upgrade = fake_api(&fixture->fake),
                .cancel = &fixture->cancel,
        };
        fixture->api = api_new(&options);
        *state = fixture;
        return 0;
}

static inline int set_up(void **state)
{
        return set_up_site(state, "shop");
}

static inline int tear_down(void **state)
{
        struct fixture *fixture = *state;
        struct error err = {0};
        api_reply_deinit(&fixture->reply);
        api_free(fixture->api);
        cancel_deinit(&fixture->cancel);
        config_deinit(&fixture->config);
        _cleanup_close_ int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
        assert_int_equal(tree_remove(fd, fixture->folder + strlen("/tmp/"), &err), 0);
        free(fixture->state_path);
        free(fixture->root);
        free(fixture);
        return 0;
}

/* "/path?name=value&name" becomes path and query, in place. */
static inline void set_target(struct api_request *request, char *target)
{
        char *query = strchr(target, '?');
        request->path = target;
        if (!query)
                return;
        *query++ = '\0';
        for (char *part; (part = strsep(&query, "&"));) {
                char *value = strchr(part, '=');
                if (value)
                        *value++ = '\0';
                if (request->query_count < API_QUERY_LIMIT) {
                        request->query[request->query_count].name = part;
                        request->query[request->query_count].value = value;
                }
                request->query_count++;
        }
}

static inline void serve(struct fixture *fixture, struct api_request *request, struct api_reply *reply)
{
        if (api_begin(fixture->api, request, reply) == API_WORK)
                api_work(fixture->api, request, reply);
}

/* method and target as one word each; body NULL: none. */
static inline json_t *call(struct fixture *fixture, const char *method, const char *target, const char *body,
        unsigned *ret_status)
{
        _cleanup_free_ char *copy = string_copy(target);
        _cleanup_api_reply_ struct api_reply reply = {0};
        struct api_request request = {.method = method,
                .may_drive = true,
                .has_body = body != NULL,
                .body = body,
                .body_size = body ? strlen(body) : 0,
                .content_type = "application/json"};
        set_target(&request, copy);
        serve(fixture, &request, &reply);
        *ret_status = reply.status;
        json_t *json = json_loads(reply.body.data ? reply.body.data : "", 0, NULL);
        return json;
}

static inline const char *text_of(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));
        return text ? text : "(none)";
}
