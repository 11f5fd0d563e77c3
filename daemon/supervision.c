/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/supervision.h"

#include "daemon/service.h"
#include "lib/log.h"
#include "lib/memory.h"

#include <inttypes.h>

#define MINUTE_MS 60000
#define EXTEND_EVERY_MS 5000
#define EXTEND_MS                                                                                            \
        30000 /* what is asked for each time; more than what is left to do when the runner has stopped */
#define START_GRACE_S 60 /* for the rest of the start, behind a wait */
#define LONGEST_S (365LLU * 24 * 3600)

/* STATUS= */

static char *amount_of(const struct snapshot *snapshot)
{
        struct snapshot_amount amount = snapshot_amount_at_work(snapshot);
        if (!amount.unit || amount.total == 0)
                return string_copy("");
        uint64_t done = amount.done < amount.total ? amount.done : amount.total;
        return string_format(" %u %%", (unsigned)((double)done * 100 / (double)amount.total));
}

char *supervision_status(const struct snapshot *snapshot)
{
        _cleanup_free_ char *amount = amount_of(snapshot);
        return string_format("%s%s%s%s%s%s", upgrade_state_name(snapshot->state), snapshot->stage ? ": " : "",
                snapshot->stage ? snapshot->stage : "", amount, snapshot->error.code ? ", " : "",
                snapshot->error.code ? snapshot->error.code : "");
}

void supervision_tell(struct supervision *supervision, const struct snapshot *snapshot)
{
        _cleanup_free_ char *status = supervision_status(snapshot);
        _cleanup_free_ char *text = string_format("%s%s", supervision->stopping ? "stopping; " : "", status);
        if (string_equal(text, supervision->told))
                return;
        service_notify("STATUS=%s", text);
        string_replace(&supervision->told, steal(&text));
}

/* Signs of life */

static bool worker_lives(struct supervision *supervision)
{
        uint64_t period_ms = supervision->every_ms ? supervision->every_ms * 2 : MINUTE_MS;
        uint64_t patience_ms = SUPERVISION_PERIODS * period_ms;
        if (!supervision->runner || runner_lives(supervision->runner, patience_ms)) {
                supervision->stuck = false;
                return true;
        }
        if (!supervision->stuck)
                log_write(LOG_LEVEL_ERROR, NULL,
                        "the worker gives no sign of life for %" PRIu64
                        " s: the service manager is not told any more that the daemon is alive",
                        patience_ms / 1000);
        supervision->stuck = true;
        return false;
}

static void on_timer(uv_timer_t *timer)
{
        struct supervision *supervision = timer->data;
        if (!worker_lives(supervision))
                return;
        if (supervision->every_ms > 0)
                service_notify("WATCHDOG=1");
        if (supervision->stopping && supervision->runner && !runner_stopped(supervision->runner))
                service_notify("EXTEND_TIMEOUT_USEC=%llu", EXTEND_MS * 1000LLU);
}

void supervision_waits(uint64_t limit_s, void *userdata)
{
        uint64_t seconds = (limit_s < LONGEST_S ? limit_s : LONGEST_S) + START_GRACE_S;
        service_notify("STATUS=waiting for another process to let go\nEXTEND_TIMEOUT_USEC=%" PRIu64,
                seconds * 1000000);
}

/* Its life */

void supervision_init(struct supervision *supervision, uv_loop_t *loop)
{
        *supervision = (struct supervision){.every_ms = service_watchdog_ms()};
        uv_timer_init(loop, &supervision->timer);
        supervision->timer.data = supervision;
        if (supervision->every_ms > 0)
                uv_timer_start(&supervision->timer, on_timer, 0, supervision->every_ms);
}

void supervision_ready(struct supervision *supervision, struct runner *runner)
{
        supervision->runner = runner;
        service_notify("READY=1");
}

void supervision_stop(struct supervision *supervision)
{
        supervision->stopping = true;
        service_notify("STOPPING=1");
        uint64_t every_ms = supervision->every_ms > 0 && supervision->every_ms < EXTEND_EVERY_MS
                                    ? supervision->every_ms
                                    : EXTEND_EVERY_MS;
        uv_timer_start(&supervision->timer, on_timer, 0, every_ms);
}

void supervision_close(struct supervision *supervision)
{
        uv_close((uv_handle_t *)&supervision->timer, NULL);
}

void supervision_deinit(struct supervision *supervision)
{
        free(supervision->told);
}
