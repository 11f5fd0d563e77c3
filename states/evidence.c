/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence over records: what a stage claims to have left is looked at before the next one builds on it. */
#include "states/runner_private.h"

#include "lib/memory.h"
#include "states/facts.h"

static char *contradiction_id(const struct stage *stage)
{
        return string_format(ACCEPT_CONTRADICTED "%s", stage->name);
}

/* What is accepted is what was seen: the same sentence is accepted from then on, another one is not. */
static int accepts_contradiction(
        struct runner *runner, const struct stage *stage, const char *seen, bool *ret, struct error *err)
{
        _cleanup_free_ char *accepted = NULL;
        _cleanup_free_ char *id = contradiction_id(stage);
        _cleanup_free_ char *fact = string_format("accepted.%s", id);
        if (checkpoint_get_fact(runner->checkpoint, fact, &accepted, err) < 0)
                return -1;
        *ret = string_equal(accepted, seen);
        if (*ret || !string_list_has(&runner->accepted_now, id))
                return 0;
        *ret = true;
        return checkpoint_set_fact(runner->checkpoint, fact, seen, err);
}

/* The stage's own state stays: it must not be run again on a site that is further on. */
static void stage_contradicted(struct runner *runner, const struct stage *stage, const struct error *err)
{
        _cleanup_free_ char *text =
                err->reason == REASON_EVIDENCE_CONTRADICTS
                        ? string_format(
                                  "%s: what it left is not as recorded: %s. Nothing was touched. Put it "
                                  "right and resume, or resume --accept " ACCEPT_CONTRADICTED
                                  "%s if you know that it may be so, or rollback.",
                                  stage->title, error_message(err), stage->name)
                        : string_format("%s: what it left can't be looked at: %s. Nothing was touched.",
                                  stage->title, error_message(err));
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_STAGE_FAILED,
                .stage = NO_STAGE,
                .code = stage->error_code,
                .error = err,
                .level = LOG_LEVEL_ERROR,
                .text = text,
        };
        worker_change_or_stop(runner, &change);
}

/* No stage has begun, and each keeps its state. */
static void proof_interrupted(struct runner *runner, const struct error *reason)
{
        bool by_user = reason->reason == REASON_CANCELLED;
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_INTERRUPT,
                .stage = NO_STAGE,
                .waiting_for_user = by_user,
                .level = LOG_LEVEL_WARNING,
                .text = by_user ? "The look at what the stages have left was cancelled; resume begins it "
                                  "again."
                                : "The look at what the stages have left was interrupted, for the daemon "
                                  "stops; its next start begins it again.",
        };
        worker_change_or_stop(runner, &change);
}

static int prove_stage(struct runner *runner, const struct stage *stage, struct error *err)
{
        bool accepted;
        _cleanup_error_ struct error seen = {0};
        if (worker_call_stage(runner, stage, stage->prove, &seen) == 0)
                return 0;
        if (seen.reason == REASON_EVIDENCE_CONTRADICTS) {
                if (accepts_contradiction(runner, stage, error_message(&seen), &accepted, err) < 0)
                        return -1;
                if (accepted) {
                        worker_tell(runner, LOG_LEVEL_WARNING, stage->name, error_message(&seen));
                        return 0;
                }
                _cleanup_free_ char *id = contradiction_id(stage);
                error_accept(&seen, id);
        }
        error_move(err, &seen);
        return -1;
}

bool worker_prove_stages(struct runner *runner)
{
        const struct upgrade *upgrade = &runner->upgrade;
        for (size_t i = 0; i < upgrade->stage_count; i++) {
                _cleanup_error_ struct error err = {0};
                if (upgrade->stages[i].state != STAGE_SUCCEEDED ||
                        prove_stage(runner, upgrade->stages[i].stage, &err) == 0)
                        continue;
                if (worker_was_cancelled(runner, &err))
                        proof_interrupted(runner, &err);
                else
                        stage_contradicted(runner, upgrade->stages[i].stage, &err);
                return false;
        }
        return true;
}
