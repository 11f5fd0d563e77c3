/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The way back: the stages that were begun, the last one first, then what belongs to none. */
#include "states/runner_private.h"

#include "lib/memory.h"
#include "states/footprint.h"
#include "states/stages.h"

static int change_undo(
        struct runner *runner, size_t index, enum stage_state state, const char *what, struct error *err)
{
        _cleanup_free_ char *text = stage_title_says(runner->upgrade.stages[index].stage, what);
        return worker_move_stage(runner, index, state, text, err);
}

/* err: why it does not go on; a stage that is NO_STAGE is the end of the way. */
static void rollback_stopped(struct runner *runner, size_t index, struct error *err)
{
        const char *title = index == NO_STAGE ? "The rollback" : runner->upgrade.stages[index].stage->title;
        bool cancelled = worker_was_cancelled(runner, err), by_user = err->reason == REASON_CANCELLED;
        const char *advice = reason_advice(err->reason);
        _cleanup_free_ char *text =
                cancelled ? string_format("%s: the way back is interrupted%s.", title,
                                    by_user ? " on request, rollback goes on here"
                                            : ", for the daemon stops; its next start goes on here")
                          : string_format("%s: can't be taken back (%s): %s. What to do: %s", title,
                                    err->reason == REASON_NONE ? "no reason" : reason_name(err->reason),
                                    error_message(err),
                                    advice ? advice : error_code_advice(ERR_ROLLBACK_FAILED));
        worker_give_up(runner, index, STAGE_UNDOING, err, text);
}

static void undo_stage(struct runner *runner, size_t index)
{
        const struct stage *stage = runner->upgrade.stages[index].stage;
        _cleanup_error_ struct error err = {0};
        if (cancel_check(&runner->cancel, &err) < 0) {
                rollback_stopped(runner, NO_STAGE, &err);
                return;
        }
        if (change_undo(runner, index, STAGE_UNDOING, "is taken back", &err) < 0) {
                worker_stop_unrecorded(runner, NO_STAGE, &err);
                return;
        }
        if (worker_call_stage(runner, stage, stage->undo, &err) < 0)
                rollback_stopped(runner, index, &err);
        else if (change_undo(runner, index, STAGE_UNDONE, "taken back", &err) < 0)
                worker_stop_unrecorded(runner, NO_STAGE, &err);
}

void worker_roll_back(struct runner *runner)
{
        const struct upgrade *upgrade = &runner->upgrade;
        size_t index;
        while ((index = upgrade_next_to_undo(upgrade)) < upgrade->stage_count) {
                undo_stage(runner, index);
                if (upgrade->state != UPGRADE_ROLLING_BACK)
                        return;
        }
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *log = string_format("upgrade_log-%s.txt", upgrade->uuid);
        int r = footprint_restore(runner->checkpoint, runner->root_fd, runner->state_fd, log, &err);
        if (r < 0) {
                rollback_stopped(runner, NO_STAGE, &err);
                return;
        }
        if (r > 0)
                worker_tell(runner, LOG_LEVEL_WARNING, NULL,
                        NAME_LOG " in the site's root was replaced by something that is no file: it stays as "
                                 "it is. What was done is in the events.");
        worker_finish(runner, upgrade->files_only ? "The files are rolled back; the database stays as it is."
                                                  : "The upgrade is rolled back.");
}
