/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker thread: waits for a command, then takes the upgrade from stage to stage. It alone writes the
 * checkpoint, and what the checkpoint doesn't hold has not happened: each change is recorded first, told
 * second, acted on third.
 */
#include "states/runner_private.h"

#include "lib/clock.h"
#include "lib/memory.h"

#include <sys/stat.h>

void runner_lock(struct runner *runner)
{
        (void)pthread_mutex_lock(&runner->mutex);
}

void runner_unlock(struct runner *runner)
{
        (void)pthread_mutex_unlock(&runner->mutex);
}

void runner_snapshot_is_old(struct runner *runner)
{
        snapshot_unref(runner->snapshot);
        runner->snapshot = NULL;
}

void runner_tell(struct runner *runner)
{
        if (runner->on_change)
                runner->on_change(runner->userdata);
}

/* The one way the upgrade changes */

static void replace_upgrade(struct runner *runner, struct upgrade *next)
{
        runner_lock(runner);
        struct upgrade former = runner->upgrade;
        runner->upgrade = *next;
        *next = former;
        runner->activity_ms = clock_wall_ms();
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
}

int worker_change(struct runner *runner, struct upgrade_change *change, struct error *err)
{
        change->time_ms = clock_wall_ms();
        _cleanup_upgrade_ struct upgrade next = {0};
        upgrade_copy(&next, &runner->upgrade);
        int64_t sequence = 0;
        if (upgrade_apply(&next, change, err) < 0 ||
                upgrade_save(&next, change, runner->checkpoint, &sequence, err) < 0)
                return -1;
        runner_lock(runner);
        runner->last_sequence = sequence;
        runner_unlock(runner);
        replace_upgrade(runner, &next);
        worker_log_change(runner, change);
        worker_log_line(runner, change->text);
        runner_tell(runner);
        return 0;
}

/* The checkpoint can't be written: nothing more is begun. The state stands in memory alone, and the next
 * start judges from what the checkpoint last held. */
void worker_stop_unrecorded(struct runner *runner, size_t stage, const struct error *err)
{
        _cleanup_error_ struct error refused = {0};
        _cleanup_free_ char *text = string_format(
                "The upgrade stops, for its checkpoint can't be written: %s", error_message(err));
        struct upgrade_change change = {
                .time_ms = clock_wall_ms(),
                .moves = true,
                .event = EVENT_STAGE_FAILED,
                .stage = stage,
                .stage_state = machine_is_rollback(runner->upgrade.state) ? STAGE_UNDOING : STAGE_FAILED,
                .error = err,
                .level = LOG_LEVEL_ERROR,
                .text = text,
        };
        _cleanup_upgrade_ struct upgrade next = {0};
        upgrade_copy(&next, &runner->upgrade);
        if (upgrade_apply(&next, &change, &refused) < 0) {
                log_write(LOG_LEVEL_ERROR, NULL, "%s; %s", text, error_message(&refused));
                return;
        }
        replace_upgrade(runner, &next);
        worker_log_change(runner, &change);
        worker_log_line(runner, text);
        runner_tell(runner);
}

void worker_fail_unrecorded(
        struct runner *runner, size_t stage, struct error *err, const struct error *unwritable)
{
        if (err->reason != REASON_CHECKPOINT_UNWRITABLE)
                error_set(err, unwritable->reason, "%s; this is not recorded: %s", error_message(err),
                        error_message(unwritable));
        worker_stop_unrecorded(runner, stage, err);
}

void worker_change_or_stop(struct runner *runner, struct upgrade_change *change)
{
        _cleanup_error_ struct error err = {0};
        if (worker_change(runner, change, &err) < 0)
                worker_stop_unrecorded(runner, change->stage, &err);
}

void worker_give_up(
        struct runner *runner, size_t stage, enum stage_state state, struct error *err, const char *text)
{
        bool cancelled = worker_was_cancelled(runner, err);
        struct upgrade_change change = {
                .moves = true,
                .event = cancelled ? EVENT_INTERRUPT : EVENT_STAGE_FAILED,
                .stage = stage,
                .stage_state = state,
                .error = cancelled ? NULL : err,
                .waiting_for_user = cancelled && err->reason == REASON_CANCELLED,
                .level = cancelled ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
                .text = text,
        };
        _cleanup_error_ struct error unwritable = {0};
        if (worker_change(runner, &change, &unwritable) == 0)
                return;
        if (cancelled)
                worker_stop_unrecorded(runner, stage, &unwritable);
        else
                worker_fail_unrecorded(runner, stage, err, &unwritable);
}

/* The stages */

char *stage_title_says(const struct stage *stage, const char *what)
{
        return string_format("%s: %s.", stage->title, what);
}

static void stage_failed(struct runner *runner, size_t index, struct error *err)
{
        const struct stage *stage = runner->upgrade.stages[index].stage;
        const char *advice = reason_advice(err->reason);
        _cleanup_free_ char *link = error_code_link(stage->error_code);
        _cleanup_free_ char *text = string_format("%s: failed with %s (%s): %s. What to do: %s See %s",
                stage->title, error_code_name(stage->error_code),
                err->reason == REASON_NONE ? "no reason" : reason_name(err->reason), error_message(err),
                advice ? advice : error_code_advice(stage->error_code), link);
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_STAGE_FAILED,
                .stage = index,
                .stage_state = STAGE_FAILED,
                .error = err,
                .level = LOG_LEVEL_ERROR,
                .text = text,
        };
        _cleanup_error_ struct error unwritable = {0};
        if (worker_change(runner, &change, &unwritable) < 0)
                worker_fail_unrecorded(runner, index, err, &unwritable);
}

static void stage_interrupted(struct runner *runner, size_t index, const struct error *reason)
{
        const struct upgrade_stage *stage = &runner->upgrade.stages[index];
        bool by_user = reason->reason == REASON_CANCELLED;
        _cleanup_free_ char *text = stage_title_says(
                stage->stage, by_user ? "cancelled on request, resume goes on here"
                                      : "interrupted, for the daemon stops; its next start goes on here");
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_INTERRUPT,
                .stage = index,
                .stage_state = STAGE_PENDING,
                .waiting_for_user = by_user,
                .level = LOG_LEVEL_WARNING,
                .text = text,
        };
        worker_change_or_stop(runner, &change);
}

static void stage_ended(struct runner *runner, size_t index, int result)
{
        const struct stage *stage = runner->upgrade.stages[index].stage;
        bool skipped = result == STAGE_SKIP;
        _cleanup_free_ char *text = stage_title_says(stage, skipped ? "skipped" : "done");
        _cleanup_error_ struct error err = {0};
        if (worker_move_stage(runner, index, skipped ? STAGE_SKIPPED : STAGE_SUCCEEDED, text, &err) < 0)
                worker_stop_unrecorded(runner, index, &err);
}

int worker_move_stage(
        struct runner *runner, size_t index, enum stage_state state, const char *text, struct error *err)
{
        struct upgrade_change change = {
                .stage = index,
                .stage_state = state,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        runner_lock(runner);
        runner->meter = (struct progress_meter){0};
        runner_unlock(runner);
        runner->saved_ms = clock_steady_ms();
        return worker_change(runner, &change, err);
}

static int begin_stage(struct runner *runner, size_t index, struct error *err)
{
        const struct upgrade_stage *stage = &runner->upgrade.stages[index];
        _cleanup_free_ char *text = stage->attempts == 0 ? string_format("%s: begins.", stage->stage->title)
                                                         : string_format("%s: begins again (attempt %d).",
                                                                   stage->stage->title, stage->attempts + 1);
        return worker_move_stage(runner, index, STAGE_RUNNING, text, err);
}

/* A root that was exchanged for another folder is not the one whose lock is held. */
int worker_open_site(struct runner *runner, struct site **ret, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        struct stat locked, opened;
        if (site_open(runner->root, &site, err) < 0)
                return -1;
        if (fstat(runner->root_fd, &locked) < 0 || fstat(site->root_fd, &opened) < 0)
                return error_set_errno(err, errno, "can't look at %s", runner->root);
        if (locked.st_dev != opened.st_dev || locked.st_ino != opened.st_ino)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s is another folder than when the daemon was started", runner->root);
        *ret = steal(&site);
        return 0;
}

struct stage_context worker_context(struct runner *runner, const struct stage *stage, struct site *site)
{
        return (struct stage_context){
                .stage = stage,
                .config = runner->config,
                .checkpoint = runner->checkpoint,
                .cancel = &runner->cancel,
                .site = site,
                .state_path = runner->state_path,
                .state_fd = runner->state_fd,
                .lock_fds = runner->locks,
                .lock_count = ARRAY_SIZE(runner->locks),
                .runner = runner,
        };
}

int worker_call_stage(
        struct runner *runner, const struct stage *stage, stage_function *function, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        if (!function)
                return 0;
        if (worker_open_site(runner, &site, err) < 0)
                return -1;
        struct stage_context context = worker_context(runner, stage, site);
        int result = function(&context, err);
        checkpoint_rollback(runner->checkpoint); /* what a failed stage left open */
        worker_learn_facts(runner);
        return result;
}

static void learn_fact(struct runner *runner, const char *fact, char **text)
{
        _cleanup_error_ struct error err = {0};
        char *value = NULL;
        if (checkpoint_get_fact(runner->checkpoint, fact, &value, &err) < 0)
                return;
        runner_lock(runner);
        string_replace(text, value); /* NULL: not known yet */
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
}

static void learn_downtime(struct runner *runner)
{
        struct downtime downtime;
        _cleanup_error_ struct error err = {0};
        if (downtime_load(runner->checkpoint, &downtime, &err) < 0)
                return;
        runner_lock(runner);
        runner->upgrade.downtime = downtime;
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
}

void worker_learn_facts(struct runner *runner)
{
        learn_fact(runner, FACT_TO_VERSION, &runner->upgrade.to_version);
        learn_fact(runner, FACT_BACKUP_VERIFICATION, &runner->backup_verification);
        learn_downtime(runner);
}

bool worker_was_cancelled(struct runner *runner, const struct error *err)
{
        _cleanup_error_ struct error asked = {0};
        return (err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING) &&
               cancel_check(&runner->cancel, &asked) < 0;
}

static void run_stage(struct runner *runner, size_t index)
{
        _cleanup_error_ struct error err = {0};
        if (cancel_check(&runner->cancel, &err) < 0) {
                stage_interrupted(runner, index, &err);
                return;
        }
        if (begin_stage(runner, index, &err) < 0) {
                worker_stop_unrecorded(runner, index, &err);
                return;
        }
        const struct stage *stage = runner->upgrade.stages[index].stage;
        int result = prefetch_await(runner, stage, &err);
        if (result == 0)
                result = worker_call_stage(runner, stage, stage->run, &err);
        if (result >= 0)
                stage_ended(runner, index, result);
        else if (worker_was_cancelled(runner, &err))
                stage_interrupted(runner, index, &err);
        else
                stage_failed(runner, index, &err);
}

void worker_finish(struct runner *runner, const char *what)
{
        bool cleans = runner->upgrade.state == UPGRADE_CLEANING; /* the page was told of before */
        _cleanup_free_ char *downtime =
                cleans ? NULL : downtime_says(&runner->upgrade.downtime, clock_wall_ms());
        _cleanup_free_ char *text = string_format("%s%s%s", what, downtime ? " " : "", downtime ?: "");
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_ALL_DONE,
                .stage = NO_STAGE,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        worker_change_or_stop(runner, &change);
}

/* Goes on while the upgrade is running: through every stage that is not done, then to the end. */
static void advance(struct runner *runner)
{
        bool proven = !runner->proves || worker_prove_stages(runner);
        runner->proves = false;
        if (!proven)
                return;
        for (size_t i = 0; i < runner->upgrade.stage_count; i++) {
                enum stage_state state = runner->upgrade.stages[i].state;
                if (state == STAGE_SUCCEEDED || state == STAGE_SKIPPED)
                        continue;
                prefetch_beside(runner, i);
                run_stage(runner, i);
                if (runner->upgrade.state != UPGRADE_RUNNING)
                        return;
        }
        worker_finish(runner, "The upgrade is finished.");
}

/* In whichever direction the upgrade moves. What is fetched beside it lives no longer than its run, and never
 * beside what takes things away. */
static void go_on(struct runner *runner)
{
        switch (runner->upgrade.state) {
        case UPGRADE_RUNNING:
                prefetch_reap(runner);
                advance(runner);
                prefetch_end(runner);
                break;
        case UPGRADE_ROLLING_BACK:
                prefetch_end(runner);
                worker_roll_back(runner);
                break;
        case UPGRADE_CLEANING:
                prefetch_end(runner);
                prefetch_forget(runner);
                worker_clean(runner);
                break;
        case UPGRADE_IDLE:
        case UPGRADE_FAILED:
        case UPGRADE_INTERRUPTED:
        case UPGRADE_FINISHED:
        case UPGRADE_ROLLBACK_FAILED:
        case UPGRADE_ROLLBACK_INTERRUPTED:
        case UPGRADE_ROLLED_BACK:
        case UPGRADE_CLEAN_FAILED:
        case UPGRADE_CLEAN_INTERRUPTED:
        case UPGRADE_CLEANED:
                break;
        }
}

static void answer(struct runner *runner, int result, struct error *err)
{
        runner_lock(runner);
        struct command *command = runner->command;
        command->result = result;
        if (result < 0)
                error_move(command->err, err);
        command->answered = true;
        runner->command = NULL;
        (void)pthread_cond_broadcast(&runner->answer);
        runner_unlock(runner);
}

/* The next command, or NULL when the worker is to stop. */
static const struct command *wait_for_command(struct runner *runner)
{
        _pulse_waits_; /* it rests */
        runner_lock(runner);
        runner->resting = true;
        while (!runner->command && !runner->stopping)
                (void)pthread_cond_wait(&runner->wake, &runner->mutex);
        runner->resting = false;
        const struct command *command = runner->stopping ? NULL : runner->command;
        runner_unlock(runner);
        return command;
}

/* What was left unfinished beside the stages goes first: they must not run on it. */
static void begin_work(struct runner *runner)
{
        _cleanup_error_ struct error unsettled = {0};
        bool settled = worker_settle(runner, &unsettled) == 0;
        if (!settled)
                worker_tell(runner, LOG_LEVEL_ERROR, NULL, error_message(&unsettled));
        enum upgrade_state state = runner->upgrade.state;
        if (settled || (state != UPGRADE_RUNNING && state != UPGRADE_ROLLING_BACK)) {
                go_on(runner);
                return;
        }
        _cleanup_free_ char *text =
                string_format("The upgrade waits for resume: %s.", error_message(&unsettled));
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_INTERRUPT,
                .stage = NO_STAGE,
                .level = LOG_LEVEL_WARNING,
                .text = text,
        };
        worker_change_or_stop(runner, &change);
}

void *worker_main(void *userdata)
{
        struct runner *runner = userdata;
        runner->worker = pthread_self();
        pulse_attach(&runner->pulse);
        begin_work(runner);
        for (const struct command *command; (command = wait_for_command(runner));) {
                _cleanup_error_ struct error err = {0};
                bool starts = command->event == EVENT_START, works = command->work != NULL;
                int result = worker_execute(runner, command, &err);
                answer(runner, result, &err);
                if (result < 0 || works)
                        continue;
                if (starts)
                        worker_log_header(runner);
                go_on(runner);
        }
        prefetch_end(runner);
        runner_lock(runner);
        runner->stopped = true;
        (void)pthread_cond_broadcast(&runner->answer);
        runner_unlock(runner);
        runner_tell(runner);
        return NULL;
}
