/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for scripts: nothing is shown until the upgrade rests, and the exit status says how. The daemon
 * answers when something has happened, so that nobody has to ask often. */
#include "client/commands.h"
#include "client/ends.h"

#include "lib/clock.h"

#include <unistd.h>

#define ASK_S 30 /* how long the daemon is asked to wait */
#define ANSWER_S (2L * ASK_S)
#define PAUSE_MS 250 /* between two tries to reach it */

struct waiting {
        struct client *client;
        uint64_t until_ms; /* 0: without end */
        uint64_t gone_since_ms; /* 0: the daemon is there */
        bool was_there;
        json_int_t last_event;
};

static uint64_t left_ms(const struct waiting *waiting)
{
        uint64_t now_ms = clock_steady_ms();
        if (waiting->until_ms == 0)
                return UINT64_MAX;
        return waiting->until_ms > now_ms ? waiting->until_ms - now_ms : 0;
}

/* The first question is answered at once. */
static enum reach ask_status(const struct waiting *waiting, struct reply *ret)
{
        uint64_t seconds = left_ms(waiting) / 1000;
        long answer_s = seconds < ANSWER_S ? (long)seconds + 1 : ANSWER_S;
        _cleanup_free_ char *path = string_format("/v1/status?after=%lld&wait=%d",
                (long long)waiting->last_event, (int)(seconds < ASK_S ? seconds : ASK_S));
        return connection_request(waiting->client->connection, "GET",
                waiting->was_there ? path : "/v1/status", NULL, answer_s, ret);
}

/* -1: wait on. */
static int lost(struct waiting *waiting, enum reach reach)
{
        uint64_t now_ms = clock_steady_ms(), limit_ms = (uint64_t)waiting->client->reconnect_s * 1000;
        if (waiting->gone_since_ms == 0)
                waiting->gone_since_ms = now_ms;
        if (waiting->was_there && left_ms(waiting) == 0)
                return -1; /* the time that was asked for is up, whatever else */
        if (waiting->was_there && reach != REACH_FORBIDDEN && now_ms - waiting->gone_since_ms < limit_ms)
                return -1;
        return fail_to_reach(waiting->client, reach);
}

static int wait_once(struct waiting *waiting)
{
        _cleanup_reply_ struct reply reply = {0};
        enum reach reach = ask_status(waiting, &reply);
        if (reach != REACH_OK)
                return lost(waiting, reach);
        if (reply.status == 503 && waiting->was_there) { /* too many wait: Retry-After */
                (void)usleep(PAUSE_MS * 1000);
                return -1;
        }
        if (reply.status >= 400)
                return report_problem(&reply);
        waiting->was_there = true;
        waiting->gone_since_ms = 0;
        waiting->last_event = member_integer(reply.json, "last_event");
        const struct end *end = end_of(reply.json);
        return end ? end_tell(waiting->client, end, end_code(end, NULL), reply.json) : -1;
}

static int timed_out(const struct waiting *waiting)
{
        if (waiting->gone_since_ms > 0)
                return fail(EXIT_TIMED_OUT, "timed_out", "Look whether the daemon runs, and wait again.",
                        "after %ld s the daemon does not answer, and where the upgrade stands is not known",
                        waiting->client->timeout_s);
        return fail(EXIT_TIMED_OUT, "timed_out", "It goes on; wait again, or watch.",
                "after %ld s the upgrade does not rest yet", waiting->client->timeout_s);
}

int command_wait(struct client *client)
{
        struct waiting waiting = {.client = client};
        if (client->timeout_s >= 0)
                waiting.until_ms = clock_steady_ms() + (uint64_t)client->timeout_s * 1000;
        for (;;) {
                int code = wait_once(&waiting);
                if (code >= 0)
                        return code;
                if (left_ms(&waiting) == 0)
                        return timed_out(&waiting);
                if (waiting.gone_since_ms > 0 || left_ms(&waiting) < 1000)
                        (void)usleep(PAUSE_MS * 1000);
        }
}
