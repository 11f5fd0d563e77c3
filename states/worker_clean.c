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

void worker_clean(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        runner_lock(runner);
        runner->meter = (struct progress_meter){0};
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
        if (worker_call_stage(runner, &clean_stage, clean_stage.run, &err) == 0) {
                worker_finish(runner, "The backups are deleted.");
                return;
        }
        _cleanup_free_ char *text = clean_says(&err, worker_was_cancelled(runner, &err));
        worker_give_up(runner, NO_STAGE, STAGE_PENDING, &err, text);
}
