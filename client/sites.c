/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sites.h"

#include "client/commands.h"
#include "lib/config.h"
#include "lib/memory.h"
#include "lib/site_name.h"

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
                _cleanup_error_ struct error err = {0};
                if (site_name_check(name, &err) == 0 && !string_list_has(list, name))
                        string_list_add(list, name);
        }
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

void site_places_init(struct site_places *places, const char *prefix, const char *name)
{
        const char *before = prefix ? prefix : "";
        *places = (struct site_places){
                .configuration = string_format("%s%s/%s.conf", before, SITES_CONFIGURATION, name),
                .service_folder =
                        string_format("%s%s/mautic-upgraded@%s.service.d", before, SITES_UNITS, name),
                .socket_folder = string_format("%s%s/mautic-upgraded@%s.socket.d", before, SITES_UNITS, name),
                .state = string_format("%s%s/%s", before, SITES_STATE, name),
                .socket = string_format("%s%s/%s.sock", before, SITES_SOCKETS, name),
        };
}

void site_places_deinit(struct site_places *places)
{
        free(places->configuration);
        free(places->service_folder);
        free(places->socket_folder);
        free(places->state);
        free(places->socket);
        *places = (struct site_places){0};
}

void sites_list(const char *prefix, struct string_list *ret)
{
        _cleanup_free_ char *files = string_format("%s%s", prefix ? prefix : "", SITES_CONFIGURATION);
        _cleanup_free_ char *sockets = string_format("%s%s", prefix ? prefix : "", SITES_SOCKETS);
        add_names(ret, files, ".conf");
        add_names(ret, sockets, ".sock");
        if (ret->count > 1)
                qsort(ret->items, ret->count, sizeof(*ret->items), compare_names);
}

int sites_load_config(const char *prefix, const char *name, struct config *ret, struct error *err)
{
        if (site_name_check(name, err) < 0)
                return -1;
        _cleanup_site_places_ struct site_places places = {0};
        site_places_init(&places, prefix, name);
        return config_load(ret, places.configuration, err);
}

char *sites_socket(const char *prefix, const char *name)
{
        _cleanup_config_ struct config config = {0};
        _cleanup_(error_deinit) struct error err = {0};
        _cleanup_site_places_ struct site_places places = {0};
        config_init(&config);
        if (sites_load_config(prefix, name, &config, &err) == 0 && config.socket)
                return string_copy(config.socket);
        if (err.reason == REASON_INVALID_ARGUMENT)
                return NULL;
        site_places_init(&places, prefix, name);
        _cleanup_free_ char *beside_state =
                string_format("%s/daemon.sock", config.state_folder ? config.state_folder : places.state);
        bool is_beside_state = access(places.socket, F_OK) < 0 && access(beside_state, F_OK) == 0;
        return steal(is_beside_state ? &beside_state : &places.socket);
}

/* The only site there is; NULL, and a sentence on stderr, when it must be named. */
static char *only_socket(const char *prefix)
{
        _cleanup_string_list_ struct string_list list = {0};
        struct buffer names = {0};
        sites_list(prefix, &list);
        if (list.count == 1)
                return sites_socket(prefix, list.items[0]);
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
                char *socket = sites_socket(client->prefix_root, client->site);
                if (!socket)
                        fail_usage("%s is no name of a site", client->site);
                return socket;
        }
        return environment && *environment ? string_copy(environment) : only_socket(client->prefix_root);
}
