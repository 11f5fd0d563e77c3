/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/commands.h"
#include "client/options.h"
#include "lib/error.h"
#include "lib/site_name.h"

static int check_name(const char *name)
{
        _cleanup_error_ struct error err = {0};
        return site_name_check(name, &err) < 0 ? fail_usage("%s", error_message(&err)) : EXIT_DONE;
}

static int add(struct client *client)
{
        const char *name = client->more[0];
        if (!name || client->more[1])
                return fail_usage("sites add NAME --root DIR: one name is wanted");
        if (!client->root)
                return fail_usage("sites add %s: where is it? --root DIR is wanted", name);
        int r = check_name(name);
        return r == EXIT_DONE ? command_sites_add(client, name) : r;
}

/* One that can't be removed keeps no other. */
static int remove_all(struct client *client)
{
        int result = EXIT_DONE;
        if (!client->more[0])
                return fail_usage("sites remove NAME: which?");
        for (char *const *name = client->more; *name; name++) {
                int r = check_name(*name);
                if (r != EXIT_DONE)
                        return r;
        }
        for (char *const *name = client->more; *name; name++) {
                int r = command_sites_remove(client, *name);
                result = r == EXIT_DONE ? result : r;
        }
        return result;
}

static const struct {
        const char *name;
        unsigned options;
        bool takes_names;
        int (*run)(struct client *client);
} verbs[] = {
        {"add", OPTION_NO_SYSTEMD | OPTION_ROOT | OPTION_SET | OPTION_USER, true, add},
        {"list", 0, false, command_sites_list},
        {"remove", OPTION_FORCE | OPTION_NO_SYSTEMD, true, remove_all},
        {"status", 0, false, command_sites_status},
};

int command_sites(struct client *client)
{
        const char *verb = client->argument ? client->argument : "list";
        for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
                if (!string_equal(verbs[i].name, verb))
                        continue;
                const char *wrong = option_not_among(client->used, verbs[i].options);
                if (wrong)
                        return fail_usage("sites %s does not take --%s", verb, wrong);
                if (!verbs[i].takes_names && client->more && client->more[0])
                        return fail_usage("sites %s: %s is too much", verb, client->more[0]);
                return verbs[i].run(client);
        }
        return fail_usage("sites %s: add, list, remove or status is wanted", verb);
}
