/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cancelling: a wish that the stage at work grants when it can, and where the site stands then. */
#include "client/commands.h"
#include "client/ends.h"

#include "lib/clock.h"

#include <unistd.h>

#define PATIENCE_MS 5000 /* without --wait: most stages stop at once, a migration is let finish */
#define POLL_MS 100

static void tell_where_it_stands(const json_t *status)
{
        _cleanup_free_ char *state = member_text(status, "state");
        _cleanup_free_ char *meaning = member_text(status, "state_meaning");
        _cleanup_free_ char *boundary = member_text(json_object_get(status, "boundary"), "meaning");
        if (end_of(status))
                printf("It has stopped, %s (%s). %s\n", state, meaning, boundary);
        else
                printf("The stage is told to stop and has not yet; watch shows when it has. %s\n", boundary);
}

static int wait_for_the_stop(struct client *client)
{
        uint64_t begin_ms = clock_steady_ms();
        for (;;) {
                _cleanup_reply_ struct reply status = {0};
                int r = ask(client, "GET", "/v1/status", NULL, &status);
                if (r != 0)
                        return r;
                bool patient = client->wait || clock_steady_ms() - begin_ms < PATIENCE_MS;
                if (end_of(status.json) || !patient) {
                        tell_where_it_stands(status.json);
                        return EXIT_DONE;
                }
                (void)usleep(POLL_MS * 1000);
        }
}

int command_cancel(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask(client, "POST", "/v1/cancel", NULL, &reply);
        if (r != 0)
                return r;
        if (!client->json)
                return wait_for_the_stop(client);
        print_raw(&reply);
        return EXIT_DONE;
}
