/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Work beside the stages: on the worker's thread, as it needs the locks, the checkpoint and a thread that
 * outlives its children, and never while the upgrade is running. */
#include "states/runner_private.h"

#include "lib/memory.h"
#include "states/backup.h"
#include "states/backup_verify.h"
#include "states/schema_update.h"

int runner_work(struct runner *runner, const struct stage *as, runner_work_function *work, void *userdata,
        struct error *err)
{
        struct command order = {.as = as, .work = work, .userdata = userdata, .err = err};
        runner_lock(runner);
        int result = runner_hand_over(runner, &order, err);
        runner_unlock(runner);
        return result;
}

static int call(struct runner *runner, const struct stage *as, runner_work_function *work, void *userdata,
        struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        if (worker_open_site(runner, &site, err) < 0)
                return -1;
        struct stage_context context = worker_context(runner, as, site);
        int result = work(&context, userdata, err);
        checkpoint_rollback(runner->checkpoint);
        worker_learn_facts(runner);
        return result;
}

int worker_work(struct runner *runner, const struct command *command, struct error *err)
{
        return call(runner, command->as, command->work, command->userdata, err);
}

static bool is_unsettled(const struct step_list *steps)
{
        for (size_t i = 0; i < steps->count; i++)
                if (!steps->items[i].done)
                        return true;
        return false;
}

static int run_stage(struct stage_context *context, void *userdata, struct error *err)
{
        return context->stage->run(context, err);
}

/* 1: that stage has left something unfinished. */
static int is_left(struct runner *runner, const struct stage *stage, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(runner->checkpoint, stage->name, &steps, err) < 0)
                return -1;
        return is_unsettled(&steps);
}

/* A schema that a killed verification has left takes room, and stands in nobody's way. */
static void settle_verification(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        int left = is_left(runner, &backup_verify_stage, &err);
        if (left < 0 || (left > 0 && call(runner, &backup_verify_stage, run_stage, NULL, &err) < 0))
                worker_tell(runner, LOG_LEVEL_WARNING, NULL, error_message(&err));
}

int worker_settle(struct runner *runner, struct error *err)
{
        settle_verification(runner);
        int left = is_left(runner, &schema_update_stage, err);
        return left <= 0 ? left : call(runner, &schema_update_stage, run_stage, NULL, err);
}

static int verify(struct stage_context *context, void *userdata, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        return backup_require(context, &record, err) < 0 ? -1 : backup_verify(context, userdata, err);
}

int backup_verify_work(struct runner *runner, struct backup_verification *ret, struct error *err)
{
        struct backup_verification result = {0};
        if (runner_work(runner, &backup_verify_stage, verify, &result, err) < 0)
                return -1;
        *ret = result;
        return 0;
}
