/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The package before the start: how far it has come is shown until it is there. Whoever ends the view ends
 * the fetching, too, for it is no upgrade that must go on; what has come is kept. */
#include "client/commands.h"
#include "client/signals.h"
#include "client/terminal.h"

#include "lib/reasons.h"

#include <poll.h>
#include <string.h>

#define POLL_MS 200
#define CODE "ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED"

struct fetching {
        struct client *client;
        bool live; /* one line, written again and again */
        bool line_is_open;
        int tenths;
        int signal_fd;
};

static void fetching_deinit(struct fetching *fetching)
{
        if (fetching->line_is_open)
                puts("");
        closep(&fetching->signal_fd);
}

static void show(struct fetching *fetching, const json_t *prefetch)
{
        const json_t *progress = json_object_get(prefetch, "progress");
        _cleanup_free_ char *words = format_progress(progress);
        json_int_t done = member_integer(progress, "done"), total = member_integer(progress, "total");
        int tenths = total > 0 ? (int)((double)done * 10 / (double)total) : 0;
        if (fetching->client->json || !*words)
                return;
        if (fetching->live) {
                printf("\r\033[K%s", words);
                fetching->line_is_open = true;
        } else if (tenths > fetching->tenths)
                printf("%s\n", words);
        fetching->tenths = tenths;
        fflush(stdout);
}

/* The signal that ends it; 0: none came meanwhile. */
static int pause_for(struct fetching *fetching)
{
        struct pollfd signals = {.fd = fetching->signal_fd, .events = POLLIN};
        int number;
        (void)poll(&signals, 1, POLL_MS);
        for (enum signal_wish wish; (wish = signals_next(fetching->signal_fd, &number)) != WISH_NONE;) {
                if (wish == WISH_END)
                        return number;
                if (wish == WISH_REST)
                        signals_rest();
        }
        return 0;
}

static int stop(struct fetching *fetching, int number)
{
        _cleanup_reply_ struct reply reply = {0};
        fetching->line_is_open = false;
        if (fetching->live)
                puts("");
        int r = ask(fetching->client, "POST", "/v1/prefetch/cancel", NULL, &reply);
        if (r != 0)
                return r;
        complain("stopped; what has come is kept for the next prefetch, or the upgrade");
        return 128 + number;
}

static int tell_failure(struct fetching *fetching, const json_t *prefetch)
{
        _cleanup_free_ char *reason = member_text(prefetch, "reason");
        _cleanup_free_ char *message = member_text(prefetch, "message");
        return fail(EXIT_COMMAND_FAILED, reason, reason_advice(reason_from_name(reason)),
                CODE ": the package could not be fetched: %s", message);
}

/* Whether there is an upgrade that may have taken the package over. */
static bool has_begun(const json_t *status)
{
        _cleanup_free_ char *state = member_text(status, "state");
        return !string_equal(state, "idle") && !string_equal(state, "rolled_back") &&
               !string_equal(state, "cleaned");
}

static int tell_end(struct fetching *fetching, const json_t *status)
{
        const json_t *prefetch = json_object_get(status, "prefetch");
        _cleanup_free_ char *state = member_text(prefetch, "state");
        _cleanup_free_ char *message = member_text(prefetch, "message");
        if (fetching->line_is_open)
                puts("");
        fetching->line_is_open = false;
        if (fetching->client->json)
                print_json(status);
        if (string_equal(state, "failed"))
                return tell_failure(fetching, prefetch);
        if (string_equal(state, "stopped"))
                return fail(EXIT_COMMAND_FAILED, "cancelled", "Do it again: it goes on with what has come.",
                        "the package was not fetched to its end, for somebody has stopped it");
        if (!*state && !has_begun(status))
                return fail(EXIT_COMMAND_FAILED, "stopping", "Do it again: it goes on with what has come.",
                        "the package was not fetched to its end, for the daemon has stopped meanwhile");
        if (!fetching->client->json)
                puts(*message ? "The package is there, and whole. The upgrade will need no download."
                              : "The upgrade has taken the package over.");
        if (!fetching->client->json && *message)
                printf("%s\n", message);
        return EXIT_DONE;
}

/* -1: it goes on. */
static int look(struct fetching *fetching)
{
        _cleanup_reply_ struct reply reply = {0};
        int r = ask(fetching->client, "GET", "/v1/status", NULL, &reply);
        if (r != 0)
                return r;
        const json_t *prefetch = json_object_get(reply.json, "prefetch");
        _cleanup_free_ char *state = member_text(prefetch, "state");
        if (!string_equal(state, "running"))
                return tell_end(fetching, reply.json);
        show(fetching, prefetch);
        return -1;
}

int command_prefetch(struct client *client)
{
        _cleanup_reply_ struct reply taken = {0};
        int code = ask(client, "POST", "/v1/prefetch", NULL, &taken);
        if (code != 0)
                return code;
        _cleanup_(fetching_deinit) struct fetching fetching = {
                .client = client,
                .live = !client->json && terminal_is_live(),
                .signal_fd = signals_take(),
        };
        while ((code = look(&fetching)) < 0) {
                int number = pause_for(&fetching);
                if (number != 0)
                        return stop(&fetching, number);
        }
        return code;
}
