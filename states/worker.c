/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The worker thread: waits for a command, then takes the upgrade from stage to stage. It alone writes the
 * checkpoint, and what the checkpoint doesn't hold has not happened: each change is recorded first, told
 * second, acted on third.
 */
#include "states/runner_private.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/clean.h"
#include "states/facts.h"
#include "states/footprint.h"
#include "states/php.h"
#include "states/upgrade_log.h"

#include <string.h>
#include <sys/random.h>

#define NOTICE_EVERY_MS 100 /* how often on_change tells of progress alone */
#define SAVE_EVERY_MS 1000 /* how often progress alone goes to the checkpoint */
#define TEXT_LIMIT 8192 /* longest sentence of an event */

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

/* What is told: the event log, stderr, upgrade_log.txt */

void worker_add_event(struct runner *runner, enum log_level level, const char *stage, const char *text)
{
        _cleanup_error_ struct error err = {0};
        const struct event_record event = {
                .time_ms = clock_wall_ms(),
                .type = (char *)"log",
                .level = (char *)log_level_name(level),
                .stage = (char *)stage,
                .text = (char *)text,
        };
        int64_t sequence = 0;
        if (checkpoint_add_event(runner->checkpoint, &event, &sequence, &err) < 0) {
                log_write(LOG_LEVEL_WARNING, NULL, "an event is not in the checkpoint: %s",
                        error_message(&err));
                return;
        }
        runner_lock(runner);
        runner->last_sequence = sequence;
        runner->activity_ms = event.time_ms;
        runner_snapshot_is_old(runner);
        runner_unlock(runner);
}

/* A log that can't be written is told of once and stops nothing. */
static void log_is_broken(struct runner *runner, const struct error *err)
{
        if (runner->log_is_broken)
                return;
        runner->log_is_broken = true;
        _cleanup_free_ char *text = string_format(
                NAME_LOG " can't be written, the events go on without it: %s", error_message(err));
        log_write(LOG_LEVEL_WARNING, NULL, "%s", text);
        worker_add_event(runner, LOG_LEVEL_WARNING, NULL, text);
}

/* Where upgrade_log.txt is, owned by the caller; NULL: put away. */
static char *log_name(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *name = NULL;
        int result = checkpoint_get_fact(runner->checkpoint, FACT_UPGRADE_LOG, &name, &err);
        if (result > 0)
                return string_copy(NAME_LOG);
        return result == 0 && name[0] ? steal(&name) : NULL;
}

void worker_log_line(struct runner *runner, const char *text)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *name = log_name(runner);
        if (!name)
                return;
        size_t prefix = strlen(UPGRADE_LOG_IN_STATE);
        bool in_state = strncmp(name, UPGRADE_LOG_IN_STATE, prefix) == 0;
        if (upgrade_log_append(in_state ? runner->state_fd : runner->root_fd, in_state ? name + prefix : name,
                    clock_wall_ms(), text, &err) < 0)
                log_is_broken(runner, &err);
}

static void log_header(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_facts_deinit) struct php_facts php = {0};
        bool known = php_use_of(runner->config) != PHP_UNUSED &&
                     php_probe(runner->config, runner->locks, ARRAY_SIZE(runner->locks), &runner->cancel,
                             &php, &err) == 0;
        _cleanup_free_ char *name = log_name(runner);
        if (name && upgrade_log_header(runner->root_fd, name, clock_wall_ms(), runner->upgrade.from_version,
                            known ? php.version : NULL, &err) < 0)
                log_is_broken(runner, &err);
}

static void log_change(struct runner *runner, const struct upgrade_change *change)
{
        const struct upgrade *upgrade = &runner->upgrade;
        const struct error *err = change->error;
        const struct log_field fields[] = {
                {"stage", change->stage == NO_STAGE ? NULL : upgrade->stages[change->stage].stage->name},
                {"state", upgrade_change_word(upgrade, change)},
                {"error_code", err ? error_code_name(upgrade->problem.code) : NULL},
                {"reason", err ? reason_name(err->reason) : NULL},
                {"upgrade", upgrade->uuid},
                {NULL, NULL},
        };
        log_write(change->level, fields, "%s", change->text);
}

/* What stages call */

void stage_progress(struct stage_context *context, uint64_t done, uint64_t total, const char *unit)
{
        struct runner *runner = context->runner;
        if (!runner)
                return;
        uint64_t now_ms = clock_steady_ms();
        runner_lock(runner);
        struct upgrade_stage *stage = &runner->upgrade.stages[runner->upgrade.current];
        stage->done = done;
        stage->total = total;
        stage->unit = unit;
        progress_meter_update(&runner->meter, done, total, unit, now_ms);
        runner->activity_ms = clock_wall_ms();
        runner_snapshot_is_old(runner);
        bool notice = now_ms - runner->notice_ms >= NOTICE_EVERY_MS;
        /* A stage may count in threads of its own; the checkpoint is the worker's alone. */
        bool save =
                now_ms - runner->saved_ms >= SAVE_EVERY_MS && pthread_equal(pthread_self(), runner->worker);
        if (notice)
                runner->notice_ms = now_ms;
        if (save)
                runner->saved_ms = now_ms;
        runner_unlock(runner);

        _cleanup_error_ struct error err = {0};
        if (save && upgrade_save_stage(stage, runner->checkpoint, &err) < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "the progress is not in the checkpoint: %s",
                        error_message(&err));
        if (notice)
                runner_tell(runner);
}

void stage_log(struct stage_context *context, enum log_level level, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        if (strlen(text) > TEXT_LIMIT)
                text[TEXT_LIMIT] = '\0';
        const char *name = context->stage ? context->stage->name : NULL;
        const struct log_field fields[] = {{"stage", name}, {NULL, NULL}};
        log_write(level, fields, "%s", text);
        if (!context->runner || level == LOG_LEVEL_DEBUG)
                return;
        worker_add_event(context->runner, level, name, text);
        worker_log_line(context->runner, text);
        runner_tell(context->runner);
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

static int change_upgrade(struct runner *runner, struct upgrade_change *change, struct error *err)
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
        log_change(runner, change);
        worker_log_line(runner, change->text);
        runner_tell(runner);
        return 0;
}

/* The checkpoint can't be written: nothing more is begun. The state stands in memory alone, and the next
 * start judges from what the checkpoint last held. */
static void stop_unrecorded(struct runner *runner, size_t stage, const struct error *err)
{
        _cleanup_error_ struct error refused = {0};
        _cleanup_free_ char *text = string_format(
                "The upgrade stops, for its checkpoint can't be written: %s", error_message(err));
        struct upgrade_change change = {
                .time_ms = clock_wall_ms(),
                .moves = true,
                .event = EVENT_STAGE_FAILED,
                .stage = stage,
                .stage_state = STAGE_FAILED,
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
        log_change(runner, &change);
        worker_log_line(runner, text);
        runner_tell(runner);
}

/* The stages */

static char *title_says(const struct stage *stage, const char *what)
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
        if (change_upgrade(runner, &change, &unwritable) == 0)
                return;
        if (err->reason != REASON_CHECKPOINT_UNWRITABLE)
                error_set(err, unwritable.reason, "%s; this is not recorded: %s", error_message(err),
                        error_message(&unwritable));
        stop_unrecorded(runner, index, err);
}

static void stage_interrupted(struct runner *runner, size_t index, const struct error *reason)
{
        const struct upgrade_stage *stage = &runner->upgrade.stages[index];
        bool by_user = reason->reason == REASON_CANCELLED;
        _cleanup_free_ char *text = title_says(
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
        _cleanup_error_ struct error err = {0};
        if (change_upgrade(runner, &change, &err) < 0)
                stop_unrecorded(runner, index, &err);
}

static void stage_ended(struct runner *runner, size_t index, int result)
{
        const struct stage *stage = runner->upgrade.stages[index].stage;
        bool skipped = result == STAGE_SKIP;
        _cleanup_free_ char *text = title_says(stage, skipped ? "skipped" : "done");
        struct upgrade_change change = {
                .stage = index,
                .stage_state = skipped ? STAGE_SKIPPED : STAGE_SUCCEEDED,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        _cleanup_error_ struct error err = {0};
        if (change_upgrade(runner, &change, &err) < 0)
                stop_unrecorded(runner, index, &err);
}

static int begin_stage(struct runner *runner, size_t index, struct error *err)
{
        const struct upgrade_stage *stage = &runner->upgrade.stages[index];
        _cleanup_free_ char *text = stage->attempts == 0 ? string_format("%s: begins.", stage->stage->title)
                                                         : string_format("%s: begins again (attempt %d).",
                                                                   stage->stage->title, stage->attempts + 1);
        struct upgrade_change change = {
                .stage = index,
                .stage_state = STAGE_RUNNING,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        runner_lock(runner);
        runner->meter = (struct progress_meter){0};
        runner_unlock(runner);
        runner->saved_ms = clock_steady_ms();
        return change_upgrade(runner, &change, err);
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

typedef int stage_function(struct stage_context *context, struct error *err);

/* One of the stage's functions; NULL has nothing to do. */
static int call_stage(
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

void worker_learn_facts(struct runner *runner)
{
        learn_fact(runner, FACT_TO_VERSION, &runner->upgrade.to_version);
        learn_fact(runner, FACT_BACKUP_VERIFICATION, &runner->backup_verification);
}

static bool was_cancelled(struct runner *runner, const struct error *err)
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
                stop_unrecorded(runner, index, &err);
                return;
        }
        const struct stage *stage = runner->upgrade.stages[index].stage;
        int result = call_stage(runner, stage, stage->run, &err);
        if (result >= 0)
                stage_ended(runner, index, result);
        else if (was_cancelled(runner, &err))
                stage_interrupted(runner, index, &err);
        else
                stage_failed(runner, index, &err);
}

static void finish(struct runner *runner, const char *text)
{
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_ALL_DONE,
                .stage = NO_STAGE,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        _cleanup_error_ struct error err = {0};
        if (change_upgrade(runner, &change, &err) < 0)
                stop_unrecorded(runner, NO_STAGE, &err);
}

/* Evidence over records: what a stage claims to have left is looked at before the next one builds on it. */

static int accepts_contradiction(
        struct runner *runner, const struct stage *stage, bool *ret, struct error *err)
{
        _cleanup_free_ char *accepted = NULL;
        _cleanup_free_ char *id = string_format(ACCEPT_CONTRADICTED "%s", stage->name);
        if (checkpoint_get_fact(runner->checkpoint, FACT_ACCEPTED_WARNINGS, &accepted, err) < 0)
                return -1;
        *ret = fact_accepts(accepted, id);
        return 0;
}

/* The stage's own state stays: it must not be run again on a site that is further on. */
static void stage_contradicted(struct runner *runner, const struct stage *stage, const struct error *err)
{
        _cleanup_free_ char *text = string_format(
                "%s: what it left is not as recorded: %s. Nothing was touched. Put it right and resume, or "
                "resume --accept " ACCEPT_CONTRADICTED "%s if you know that it may be so, or rollback.",
                stage->title, error_message(err), stage->name);
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_STAGE_FAILED,
                .stage = NO_STAGE,
                .code = stage->error_code,
                .error = err,
                .level = LOG_LEVEL_ERROR,
                .text = text,
        };
        _cleanup_error_ struct error unwritable = {0};
        if (change_upgrade(runner, &change, &unwritable) < 0)
                stop_unrecorded(runner, NO_STAGE, &unwritable);
}

static int prove_stage(struct runner *runner, const struct stage *stage, struct error *err)
{
        bool accepted;
        _cleanup_error_ struct error seen = {0};
        if (call_stage(runner, stage, stage->prove, &seen) == 0)
                return 0;
        if (seen.reason == REASON_EVIDENCE_CONTRADICTS) {
                if (accepts_contradiction(runner, stage, &accepted, err) < 0)
                        return -1;
                if (accepted) {
                        log_write(LOG_LEVEL_WARNING, NULL, "%s", error_message(&seen));
                        worker_add_event(runner, LOG_LEVEL_WARNING, stage->name, error_message(&seen));
                        return 0;
                }
        }
        error_move(err, &seen);
        return -1;
}

/* False when the upgrade does not go on. */
static bool prove_stages(struct runner *runner)
{
        const struct upgrade *upgrade = &runner->upgrade;
        for (size_t i = 0; i < upgrade->stage_count; i++) {
                _cleanup_error_ struct error err = {0};
                if (upgrade->stages[i].state != STAGE_SUCCEEDED ||
                        prove_stage(runner, upgrade->stages[i].stage, &err) == 0)
                        continue;
                if (was_cancelled(runner, &err))
                        stage_interrupted(runner, upgrade->current, &err);
                else
                        stage_contradicted(runner, upgrade->stages[i].stage, &err);
                return false;
        }
        return true;
}

/* Goes on while the upgrade is running: through every stage that is not done, then to the end. */
static void advance(struct runner *runner)
{
        bool proven = !runner->proves || prove_stages(runner);
        runner->proves = false;
        if (!proven)
                return;
        for (size_t i = 0; i < runner->upgrade.stage_count; i++) {
                enum stage_state state = runner->upgrade.stages[i].state;
                if (state == STAGE_SUCCEEDED || state == STAGE_SKIPPED)
                        continue;
                run_stage(runner, i);
                if (runner->upgrade.state != UPGRADE_RUNNING)
                        return;
        }
        finish(runner, "The upgrade is finished.");
}

/* The way back */

static int change_undo(
        struct runner *runner, size_t index, enum stage_state state, const char *what, struct error *err)
{
        _cleanup_free_ char *text = title_says(runner->upgrade.stages[index].stage, what);
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
        return change_upgrade(runner, &change, err);
}

/* err: why it does not go on; a stage that is NO_STAGE is the end of the way. */
static void rollback_stopped(struct runner *runner, size_t index, struct error *err)
{
        const char *title = index == NO_STAGE ? "The rollback" : runner->upgrade.stages[index].stage->title;
        bool cancelled = was_cancelled(runner, err), by_user = err->reason == REASON_CANCELLED;
        const char *advice = reason_advice(err->reason);
        _cleanup_free_ char *text =
                cancelled ? string_format("%s: the way back is interrupted%s.", title,
                                    by_user ? " on request, rollback goes on here"
                                            : ", for the daemon stops; its next start goes on here")
                          : string_format("%s: can't be taken back (%s): %s. What to do: %s", title,
                                    err->reason == REASON_NONE ? "no reason" : reason_name(err->reason),
                                    error_message(err),
                                    advice ? advice : error_code_advice(ERR_ROLLBACK_FAILED));
        struct upgrade_change change = {
                .moves = true,
                .event = cancelled ? EVENT_INTERRUPT : EVENT_STAGE_FAILED,
                .stage = index,
                .stage_state = STAGE_UNDOING,
                .error = cancelled ? NULL : err,
                .waiting_for_user = cancelled && by_user,
                .level = cancelled ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
                .text = text,
        };
        _cleanup_error_ struct error unwritable = {0};
        if (change_upgrade(runner, &change, &unwritable) < 0)
                stop_unrecorded(runner, index, &unwritable);
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
                stop_unrecorded(runner, NO_STAGE, &err);
                return;
        }
        if (call_stage(runner, stage, stage->undo, &err) < 0)
                rollback_stopped(runner, index, &err);
        else if (change_undo(runner, index, STAGE_UNDONE, "taken back", &err) < 0)
                stop_unrecorded(runner, NO_STAGE, &err);
}

/* Every stage that was begun, the last one first, then what belongs to none. */
static void retreat(struct runner *runner)
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
        if (footprint_restore(runner->checkpoint, runner->root_fd, runner->state_fd, log, &err) < 0) {
                rollback_stopped(runner, NO_STAGE, &err);
                return;
        }
        finish(runner, upgrade->files_only ? "The files are rolled back; the database stays as it is."
                                           : "The upgrade is rolled back.");
}

static void clean(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        if (call_stage(runner, &clean_stage, clean_stage.run, &err) == 0) {
                finish(runner, "The backups are deleted.");
                return;
        }
        _cleanup_free_ char *text = string_format(
                "Deleting the backups stopped: %s. clean, or the next start, goes on.", error_message(&err));
        log_write(LOG_LEVEL_ERROR, NULL, "%s", text);
        worker_add_event(runner, LOG_LEVEL_ERROR, NULL, text);
}

/* In whichever direction the upgrade moves. */
static void go_on(struct runner *runner)
{
        switch (runner->upgrade.state) {
        case UPGRADE_RUNNING:
                advance(runner);
                break;
        case UPGRADE_ROLLING_BACK:
                retreat(runner);
                break;
        case UPGRADE_CLEANING:
                clean(runner);
                break;
        case UPGRADE_IDLE:
        case UPGRADE_FAILED:
        case UPGRADE_INTERRUPTED:
        case UPGRADE_FINISHED:
        case UPGRADE_ROLLBACK_FAILED:
        case UPGRADE_ROLLBACK_INTERRUPTED:
        case UPGRADE_ROLLED_BACK:
        case UPGRADE_CLEANED:
                break;
        }
}

/* Commands, on the worker's side */

static int compare_ids(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

/* What was accepted before and what is accepted now: sorted, each once, one a line. */
static int merge_accepted(
        struct runner *runner, const struct command *command, char **ret_lines, struct error *err)
{
        _cleanup_string_list_ struct string_list ids = {0};
        _cleanup_free_ char *former = NULL;
        if (command->event != EVENT_START &&
                checkpoint_get_fact(runner->checkpoint, FACT_ACCEPTED_WARNINGS, &former, err) < 0)
                return -1;
        char *rest = former;
        for (char *id; (id = strsep(&rest, "\n"));)
                if (id[0] && !string_list_has(&ids, id))
                        string_list_add(&ids, id);
        for (size_t i = 0; i < command->accepted_count; i++)
                if (!string_list_has(&ids, command->accepted[i]))
                        string_list_add(&ids, command->accepted[i]);
        if (ids.count > 1)
                qsort(ids.items, ids.count, sizeof *ids.items, compare_ids);
        struct buffer lines = {0};
        for (size_t i = 0; i < ids.count; i++)
                buffer_append_format(&lines, "%s%s", i ? "\n" : "", ids.items[i]);
        *ret_lines = buffer_steal(&lines);
        return 0;
}

static int make_uuid(char ret[37], struct error *err)
{
        uint8_t bytes[16];
        if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
                return error_set_errno(err, errno, "can't get random bytes");
        bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40); /* version 4 */
        bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
        for (size_t i = 0, at = 0; i < sizeof bytes; i++) {
                if (i == 4 || i == 6 || i == 8 || i == 10)
                        ret[at++] = '-';
                at += (size_t)snprintf(ret + at, 37 - at, "%02x", bytes[i]);
        }
        return 0;
}

static int start_upgrade(struct runner *runner, const char *accepted, struct error *err)
{
        /* A site that can't be read is preflight's to report. */
        _cleanup_error_ struct error unreadable = {0};
        _cleanup_(site_freep) struct site *site = NULL;
        if (site_open(runner->root, &site, &unreadable) < 0)
                log_write(LOG_LEVEL_WARNING, NULL, "the site's version is not known: %s",
                        error_message(&unreadable));
        char uuid[37];
        _cleanup_free_ char *footprint = NULL;
        if (make_uuid(uuid, err) < 0 || footprint_take(runner->root_fd, &footprint, err) < 0)
                return -1;
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_START,
                .stage = NO_STAGE,
                .uuid = uuid,
                .from_version = site ? site->version : NULL,
                .accepted = accepted,
                .footprint = footprint,
                .level = LOG_LEVEL_INFO,
                .text = "The upgrade is started.",
        };
        return change_upgrade(runner, &change, err);
}

static int roll_back_upgrade(struct runner *runner, bool files_only, struct error *err)
{
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_ROLLBACK,
                .stage = NO_STAGE,
                .files_only = files_only,
                .level = LOG_LEVEL_INFO,
                .text = files_only ? "The files are rolled back; the database stays as it is."
                                   : "The upgrade is rolled back.",
        };
        return change_upgrade(runner, &change, err);
}

static int clean_upgrade(struct runner *runner, struct error *err)
{
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_CLEAN,
                .stage = NO_STAGE,
                .level = LOG_LEVEL_INFO,
                .text = "The backups are being deleted.",
        };
        return change_upgrade(runner, &change, err);
}

static int resume_upgrade(struct runner *runner, const char *accepted, struct error *err)
{
        const struct upgrade *upgrade = &runner->upgrade;
        const char *what = machine_is_rollback(upgrade->state) ? "rollback" : "upgrade";
        _cleanup_free_ char *text =
                upgrade->current < upgrade->stage_count
                        ? string_format("The %s goes on after a stop, at: %s.", what,
                                  upgrade->stages[upgrade->current].stage->title)
                        : string_format("The %s goes on after a stop; every stage is done.", what);
        runner->proves = true;
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_RESUME,
                .stage = NO_STAGE,
                .accepted = accepted,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        return change_upgrade(runner, &change, err);
}

void worker_judge_interruption(struct runner *runner)
{
        const struct upgrade *upgrade = &runner->upgrade;
        _cleanup_error_ struct error err = {0};
        bool back = upgrade->state == UPGRADE_ROLLING_BACK;
        if (upgrade->state == UPGRADE_RUNNING || back) {
                bool in_stage = upgrade->current < upgrade->stage_count &&
                                (!back || upgrade->stages[upgrade->current].state == STAGE_UNDOING);
                struct upgrade_change change = {
                        .moves = true,
                        .event = EVENT_INTERRUPT,
                        .stage = in_stage ? upgrade->current : NO_STAGE,
                        .stage_state = back ? STAGE_UNDOING : STAGE_PENDING,
                        .level = LOG_LEVEL_WARNING,
                        .text = back ? "The rollback was interrupted: the daemon ended while it was at work."
                                     : "The upgrade was interrupted: the daemon ended while it was running.",
                };
                if (change_upgrade(runner, &change, &err) < 0) {
                        stop_unrecorded(runner, change.stage, &err);
                        return;
                }
        }
        bool interrupted =
                upgrade->state == UPGRADE_INTERRUPTED || upgrade->state == UPGRADE_ROLLBACK_INTERRUPTED;
        bool goes_on =
                interrupted && !upgrade->waiting_for_user && !string_equal(runner->config->resume, "ask");
        if (goes_on && resume_upgrade(runner, NULL, &err) < 0)
                log_write(LOG_LEVEL_ERROR, NULL, "the upgrade waits for resume: %s", error_message(&err));
}

static int execute(struct runner *runner, const struct command *command, struct error *err)
{
        _cleanup_free_ char *accepted = NULL;
        /* The last run's cancel is over; a stop is not. */
        runner_lock(runner);
        if (!runner->stopping)
                cancel_reset(&runner->cancel);
        runner_unlock(runner);
        if (worker_settle(runner, err) < 0)
                return -1;
        if (command->work)
                return worker_work(runner, command, err);
        if (merge_accepted(runner, command, &accepted, err) < 0)
                return -1;
        switch (command->event) {
        case EVENT_START:
                return start_upgrade(runner, accepted, err);
        case EVENT_RESUME:
                return resume_upgrade(runner, accepted, err);
        case EVENT_ROLLBACK:
                return roll_back_upgrade(runner, command->files_only, err);
        case EVENT_CLEAN:
                return clean_upgrade(runner, err);
        case EVENT_CANCEL:
        case EVENT_STAGE_FAILED:
        case EVENT_INTERRUPT:
        case EVENT_ALL_DONE:
                break;
        }
        return error_set(err, REASON_INTERNAL, "%s is no command", upgrade_event_name(command->event));
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
        runner_lock(runner);
        while (!runner->command && !runner->stopping)
                (void)pthread_cond_wait(&runner->wake, &runner->mutex);
        const struct command *command = runner->stopping ? NULL : runner->command;
        runner_unlock(runner);
        return command;
}

/* What was left unfinished beside the stages goes first: they must not run on it. */
static void begin_work(struct runner *runner)
{
        _cleanup_error_ struct error unsettled = {0}, err = {0};
        bool settled = worker_settle(runner, &unsettled) == 0;
        if (!settled)
                worker_add_event(runner, LOG_LEVEL_ERROR, NULL, error_message(&unsettled));
        if (!settled)
                log_write(LOG_LEVEL_ERROR, NULL, "%s", error_message(&unsettled));
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
        if (change_upgrade(runner, &change, &err) < 0)
                stop_unrecorded(runner, NO_STAGE, &err);
}

void *worker_main(void *userdata)
{
        struct runner *runner = userdata;
        runner->worker = pthread_self();
        begin_work(runner);
        for (const struct command *command; (command = wait_for_command(runner));) {
                _cleanup_error_ struct error err = {0};
                bool starts = command->event == EVENT_START, works = command->work != NULL;
                int result = execute(runner, command, &err);
                answer(runner, result, &err);
                if (result < 0 || works)
                        continue;
                if (starts)
                        log_header(runner);
                go_on(runner);
        }
        runner_lock(runner);
        runner->stopped = true;
        (void)pthread_cond_broadcast(&runner->answer);
        runner_unlock(runner);
        runner_tell(runner);
        return NULL;
}
