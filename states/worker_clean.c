/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The end of the way back: what only it needed is deleted. */
#include "states/runner_private.h"

#include "lib/memory.h"
#include "states/clean.h"

static char *clean_says(const struct error *err, bool cancelled)
{
        const char *advice = reason_advice(err->reason);
        if (cancelled)
                return string_format("%s: interrupted%s.", clean_stage.title,
                        err->reason == REASON_CANCELLED
                                ? " on request, clean goes on here"
                                : ", for the daemon stops; its next start goes on here");
        return string_format("%s: failed with %s (%s): %s. What to do: %s", clean_stage.title,
                error_code_name(clean_stage.error_code),
                err->reason == REASON_NONE ? "no reason" : reason_name(err->reason), error_message(err),
                advice ? advice : error_code_advice(clean_stage.error_code));
}

static void clean_stopped(struct runner *runner, struct error *err)
{
        bool cancelled = worker_was_cancelled(runner, err);
        _cleanup_free_ char *text = clean_says(err, cancelled);
        struct upgrade_change change = {
                .moves = true,
                .event = cancelled ? EVENT_INTERRUPT : EVENT_STAGE_FAILED,
                .stage = NO_STAGE,
                .error = cancelled ? NULL : err,
                .waiting_for_user = cancelled && err->reason == REASON_CANCELLED,
                .level = cancelled ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
                .text = text,
        };
        _cleanup_error_ struct error unwritable = {0};
        if (worker_change(runner, &change, &unwritable) == 0)
                return;
        if (cancelled)
                worker_stop_unrecorded(runner, NO_STAGE, &unwritable);
        else
                worker_fail_unrecorded(runner, NO_STAGE, err, &unwritable);
}

void worker_clean(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        runner_lock(runner);
        runner->meter = (struct progress_meter){0};
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
        if (worker_call_stage(runner, &clean_stage, clean_stage.run, &err) < 0)
                clean_stopped(runner, &err);
        else
                worker_finish(runner, "The backups are deleted.");
}
