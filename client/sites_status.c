/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All sites as a table: each daemon is asked on a connection of its own, so that one which does not answer
 * keeps nobody else's line back. */
#include "client/commands.h"
#include "client/ends.h"
#include "client/grid.h"
#include "client/parallel.h"
#include "client/site_unit.h"
#include "client/sites.h"
#include "lib/text.h"

#include <string.h>

#define AT_ONCE 16
#define ANSWER_S 5

struct entry {
        char *name, *root, *user, *socket;
        const char *state; /* one word on where it stands */
        enum reach reach;
        json_t *status; /* NULL: it has not told */
};

struct survey {
        const char *prefix;
        struct entry *entries;
        size_t count;
};

static void survey_deinit(struct survey *survey)
{
        for (size_t i = 0; i < survey->count; i++) {
                struct entry *entry = &survey->entries[i];
                free(entry->name);
                free(entry->root);
                free(entry->user);
                free(entry->socket);
                json_decref(entry->status);
        }
        free(survey->entries);
}

static void ask_daemon(struct entry *entry)
{
        static const char *const words[] = {
                [REACH_OK] = "no answer",
                [REACH_MISSING] = "no daemon",
                [REACH_REFUSED] = "daemon ended",
                [REACH_FORBIDDEN] = "forbidden",
                [REACH_LOST] = "no answer",
                [REACH_ENDED] = "no answer",
        };
        _cleanup_(connection_freep) struct connection *connection = connection_new(entry->socket);
        _cleanup_reply_ struct reply reply = {0};
        entry->reach = connection_request(connection, "GET", "/v1/status", NULL, ANSWER_S, &reply);
        entry->state = words[entry->reach];
        const char *state = json_string_value(json_object_get(reply.json, "state"));
        if (entry->reach != REACH_OK || reply.status != 200 || !state) {
                entry->reach = entry->reach == REACH_OK ? REACH_LOST : entry->reach;
                return;
        }
        entry->status = json_incref(reply.json);
        entry->state = state;
}

/* What is told of a site that does not answer comes from its files. */
static void look_at(size_t index, void *userdata)
{
        struct survey *survey = userdata;
        struct entry *entry = &survey->entries[index];
        _cleanup_config_ struct config config = {0};
        _cleanup_error_ struct error err = {0};
        config_init(&config);
        entry->socket = sites_socket(survey->prefix, entry->name);
        entry->user = site_unit_user(survey->prefix, entry->name);
        if (sites_load_config(survey->prefix, entry->name, &config, &err) == 0)
                entry->root = string_copy(config.root);
        ask_daemon(entry);
        if (entry->status)
                string_replace(&entry->root, member_text(entry->status, "root"));
}

static void survey_sites(const struct client *client, struct survey *ret)
{
        _cleanup_string_list_ struct string_list list = {0};
        sites_list(client->prefix_root, &list);
        *ret = (struct survey){.prefix = client->prefix_root, .count = list.count};
        ret->entries = memory_new_array(list.count > 0 ? list.count : 1, sizeof(*ret->entries));
        for (size_t i = 0; i < list.count; i++)
                ret->entries[i].name = string_copy(list.items[i]);
        parallel_run(ret->count, AT_ONCE, look_at, NULL, ret);
}

static void print_entries(const struct survey *survey)
{
        json_auto_t *sites = json_array();
        for (size_t i = 0; i < survey->count; i++) {
                const struct entry *entry = &survey->entries[i];
                json_array_append_new(sites,
                        json_pack("{s:o, s:o, s:o, s:o, s:s, s:O*}", "site", text_json(entry->name), "root",
                                text_json(entry->root), "user", text_json(*entry->user ? entry->user : NULL),
                                "socket", text_json(entry->socket), "state", entry->state, "status",
                                entry->status));
        }
        json_auto_t *answer = json_pack("{s:O}", "sites", sites);
        print_json(answer);
}

static void say_none(void)
{
        puts("No site is known here: mautic-upgradectl sites add NAME --root DIR makes one known.");
}

static char *shown(const char *text)
{
        return text_printable(text ? text : "", false);
}

int command_sites_list(struct client *client)
{
        static const char *const heads[] = {"SITE", "ROOT", "USER", "STATE"};
        _cleanup_grid_ struct grid grid = {.heads = heads, .columns = ARRAY_SIZE(heads)};
        _cleanup_(survey_deinit) struct survey survey;
        survey_sites(client, &survey);
        if (client->json) {
                print_entries(&survey);
                return EXIT_DONE;
        }
        for (size_t i = 0; i < survey.count; i++) {
                const struct entry *entry = &survey.entries[i];
                grid_add(&grid, shown(entry->name));
                grid_add(&grid, shown(entry->root));
                grid_add(&grid, shown(entry->user));
                grid_add(&grid, shown(entry->state));
        }
        if (survey.count > 0)
                grid_print(&grid, stdout);
        else
                say_none();
        return EXIT_DONE;
}

static void add_row(struct grid *grid, const struct entry *entry)
{
        struct progress_text progress;
        const json_t *status = entry->status;
        bool waits = json_is_true(json_object_get(status, "waiting_for_user"));
        json_int_t total = member_integer(status, "stages_total");
        _cleanup_free_ char *state = shown(entry->state);
        progress_text_init(&progress, json_object_get(status, "progress"));
        grid_add(grid, shown(entry->name));
        grid_add(grid, string_format("%s%s", state, waits ? " (waits)" : ""));
        grid_add(grid, member_text(status, "stage"));
        grid_add(grid, total > 0 ? string_format("%lld/%lld",
                                           (long long)member_integer(status, "stages_done"), (long long)total)
                                 : NULL);
        grid_add(grid, string_copy(progress.share));
        grid_add(grid, string_copy(progress.left));
        grid_add(grid, member_text(json_object_get(status, "error"), "code"));
        progress_text_deinit(&progress);
}

static int worst_of(const struct survey *survey)
{
        bool is_missing = false;
        for (size_t i = 0; i < survey->count; i++) {
                const struct end *end = end_of(survey->entries[i].status);
                if (end && end->code == EXIT_UPGRADE_FAILED)
                        return EXIT_UPGRADE_FAILED;
                is_missing |= survey->entries[i].reach != REACH_OK;
        }
        return is_missing ? EXIT_NOT_REACHED : EXIT_DONE;
}

int command_sites_status(struct client *client)
{
        static const char *const heads[] = {"SITE", "STATE", "STAGE", "STAGES", "DONE", "ETA", "ERROR"};
        _cleanup_grid_ struct grid grid = {.heads = heads, .columns = ARRAY_SIZE(heads)};
        _cleanup_(survey_deinit) struct survey survey;
        survey_sites(client, &survey);
        if (client->json) {
                print_entries(&survey);
                return worst_of(&survey);
        }
        for (size_t i = 0; i < survey.count; i++)
                add_row(&grid, &survey.entries[i]);
        if (survey.count > 0)
                grid_print(&grid, stdout);
        else
                say_none();
        return worst_of(&survey);
}
