/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way back and its end: what it means, a question, and only then the command. */
#include "client/commands.h"
#include "client/confirm.h"

static int roll_back(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        const char *body = client->files_only ? "{\"files_only\": true}" : "{\"files_only\": false}";
        int r = ask(client, "POST", "/v1/rollback", body, &reply);
        return r != 0 ? r : follow(client, &reply);
}

int command_rollback(struct client *client)
{
        if (!client->yes) {
                int r = confirm_on_terminal("Type 'rollback' to go on:", "rollback",
                        "type 'rollback' on a terminal, or give --yes");
                if (r != EXIT_DONE)
                        return r;
        }
        return roll_back(client);
}

int command_clean(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        if (!client->yes) {
                int r = confirm_on_terminal(
                        "Type 'clean' to go on:", "clean", "type 'clean' on a terminal, or give --yes");
                if (r != EXIT_DONE)
                        return r;
        }
        int r = ask(client, "POST", "/v1/clean", NULL, &reply);
        return r != 0 ? r : follow(client, &reply);
}
