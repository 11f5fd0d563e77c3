/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sites.h"

#include "client/commands.h"
#include "lib/config.h"
#include "lib/memory.h"

#include <string.h>

static void add_names(struct string_list *list, const char *folder, const char *suffix)
{
        _cleanup_closedir_ DIR *directory = opendir(folder);
        if (!directory)
                return;
        for (struct dirent *entry; (entry = readdir(directory));) {
                size_t length = strlen(entry->d_name), end = strlen(suffix);
                if (entry->d_name[0] == '.' || length <= end ||
                        strcmp(entry->d_name + length - end, suffix) != 0)
                        continue;
                _cleanup_free_ char *name = memory_copy(entry->d_name, length - end);
                if (!string_list_has(list, name))
                        string_list_add(list, name);
        }
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

void sites_list(struct string_list *ret)
{
        add_names(ret, SITES_CONFIGURATION, ".conf");
        add_names(ret, SITES_SOCKETS, ".sock");
        if (ret->count > 1)
                qsort(ret->items, ret->count, sizeof(*ret->items), compare_names);
}

int sites_load_config(const char *name, struct config *ret, struct error *err)
{
        if (!*name || *name == '.' || strchr(name, '/'))
                return error_set(err, REASON_INVALID_ARGUMENT, "%s is no name of a site", name);
        _cleanup_free_ char *file = string_format("%s/%s.conf", SITES_CONFIGURATION, name);
        return config_load(ret, file, err);
}

char *sites_socket(const char *name)
{
        _cleanup_config_ struct config config = {0};
        _cleanup_(error_deinit) struct error err = {0};
        config_init(&config);
        if (sites_load_config(name, &config, &err) == 0 && config.socket)
                return string_copy(config.socket);
        return err.reason == REASON_INVALID_ARGUMENT ? NULL
                                                     : string_format("%s/%s.sock", SITES_SOCKETS, name);
}

/* The only site there is; NULL, and a sentence on stderr, when it must be named. */
static char *only_socket(void)
{
        _cleanup_string_list_ struct string_list list = {0};
        struct buffer names = {0};
        sites_list(&list);
        if (list.count == 1)
                return sites_socket(list.items[0]);
        for (size_t i = 0; i < list.count; i++)
                buffer_append_format(&names, "%s%s", i > 0 ? ", " : "", list.items[i]);
        if (list.count == 0)
                fail_usage("which site? None is known here: give --site NAME or --socket PATH");
        else
                fail_usage("which site? Give --site with one of: %s", names.data);
        buffer_deinit(&names);
        return NULL;
}

char *sites_find_socket(const struct client *client)
{
        const char *environment = getenv("MAUTIC_UPGRADED_SOCKET");
        if (client->socket)
                return string_copy(client->socket);
        if (client->site) {
                char *socket = sites_socket(client->site);
                if (!socket)
                        fail_usage("%s is no name of a site", client->site);
                return socket;
        }
        return environment && *environment ? string_copy(environment) : only_socket();
}

/* One word on where a site stands, owned by the caller; *ret_status is its status or NULL. */
static char *site_state(const char *socket, json_t **ret_status)
{
        static const char *const words[] = {
                [REACH_OK] = "",
                [REACH_MISSING] = "no daemon",
                [REACH_REFUSED] = "daemon ended",
                [REACH_FORBIDDEN] = "forbidden",
                [REACH_LOST] = "no answer",
                [REACH_ENDED] = "no answer",
        };
        _cleanup_(connection_freep) struct connection *connection = connection_new(socket);
        _cleanup_reply_ struct reply reply = {0};
        enum reach reach = connection_request(connection, "GET", "/v1/status", NULL, 5, &reply);
        if (reach != REACH_OK)
                return string_copy(words[reach]);
        *ret_status = json_incref(reply.json);
        return member_text(reply.json, "state");
}

int command_sites(struct client *client)
{
        _cleanup_string_list_ struct string_list list = {0};
        json_auto_t *all = json_array();
        sites_list(&list);
        for (size_t i = 0; i < list.count; i++) {
                json_auto_t *status = NULL;
                _cleanup_free_ char *socket = sites_socket(list.items[i]);
                _cleanup_free_ char *state = site_state(socket, &status);
                _cleanup_free_ char *root = member_text(status, "root");
                if (!client->json)
                        printf("%-20s %-14s %-40s %s\n", list.items[i], state, socket, root);
                json_array_append_new(all, json_pack("{s:s, s:s, s:s, s:O*}", "site", list.items[i], "socket",
                                                   socket, "state", state, "status", status));
        }
        if (client->json) {
                json_auto_t *sites = json_pack("{s:O}", "sites", all);
                print_json(sites);
        }
        return EXIT_DONE;
}
