/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the worker tells: the event log, stderr, upgrade_log.txt, and how far a stage has come. */
#include "states/runner_private.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/pulse.h"
#include "states/messages.h"
#include "states/php.h"
#include "states/upgrade_log.h"

#include <string.h>

#define NOTICE_EVERY_MS 100 /* how often on_change tells of progress alone */
#define SAVE_EVERY_MS 1000 /* how often progress alone goes to the checkpoint */
#define TEXT_LIMIT 8192 /* longest sentence of an event */

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

void worker_tell(struct runner *runner, enum log_level level, const char *stage, const char *text)
{
        const struct log_field fields[] = {{"stage", stage}, {"upgrade", runner->upgrade.uuid}, {NULL, NULL}};
        log_write(level, fields, "%s", text);
        worker_add_event(runner, level, stage, text);
}

/* A log that can't be written is told of once and stops nothing. */
static void log_is_broken(struct runner *runner, const struct error *err)
{
        if (runner->log_is_broken)
                return;
        runner->log_is_broken = true;
        _cleanup_free_ char *text = string_format(
                NAME_LOG " can't be written, the events go on without it: %s", error_message(err));
        worker_tell(runner, LOG_LEVEL_WARNING, NULL, text);
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

/* Asked once: the header is tried again as long as the log can't be made. */
static const char *php_version(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_facts_deinit) struct php_facts php = {0};
        if (!runner->php_is_asked && php_use_of(runner->config) != PHP_UNUSED &&
                php_probe(runner->config, runner->locks, ARRAY_SIZE(runner->locks), &runner->cancel, &php,
                        &err) == 0)
                runner->php_version = string_copy(php.version);
        runner->php_is_asked = true;
        return runner->php_version;
}

static int write_header(struct runner *runner, const char *name, struct error *err)
{
        return upgrade_log_header(runner->root_fd, name, clock_wall_ms(), runner->upgrade.from_version,
                php_version(runner), err);
}

/* A full disk or a kill may have kept the start from making the log: then the next line makes it, as long as
 * it is not on its way to another name. */
static bool log_is_due(const struct runner *runner, const char *name)
{
        const struct upgrade *upgrade = &runner->upgrade;
        return string_equal(name, NAME_LOG) && upgrade->state == UPGRADE_RUNNING &&
               upgrade->stages[0].attempts > 0;
}

void worker_log_line(struct runner *runner, const char *text)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *name = log_name(runner);
        if (!name)
                return;
        size_t prefix = strlen(UPGRADE_LOG_IN_STATE);
        bool in_state = strncmp(name, UPGRADE_LOG_IN_STATE, prefix) == 0;
        int folder_fd = in_state ? runner->state_fd : runner->root_fd;
        const char *file = in_state ? name + prefix : name;
        int result = upgrade_log_append(folder_fd, file, clock_wall_ms(), text, &err);
        if (result > 0 && log_is_due(runner, name)) {
                result = write_header(runner, name, &err);
                if (result == 0)
                        result = upgrade_log_append(folder_fd, file, clock_wall_ms(), text, &err);
        }
        if (result < 0)
                log_is_broken(runner, &err);
}

void worker_log_header(struct runner *runner)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *name = log_name(runner);
        if (name && write_header(runner, name, &err) < 0)
                log_is_broken(runner, &err);
}

void worker_log_change(struct runner *runner, const struct upgrade_change *change)
{
        const struct upgrade *upgrade = &runner->upgrade;
        const struct error *err = change->error;
        const struct log_field fields[] = {
                {"stage", change->stage == NO_STAGE ? NULL : upgrade->stages[change->stage].stage->name},
                {"state", upgrade_change_word(upgrade, change)},
                {"error_code", err ? error_code_name(upgrade->problem.code) : NULL},
                {"reason", err ? reason_name(err->reason) : NULL},
                {"upgrade", upgrade->uuid},
                {LOG_MESSAGE_ID, message_id_of(upgrade, change)},
                {NULL, NULL},
        };
        log_write(change->level, fields, "%s", change->text);
}

/* What stages call */

void stage_progress(struct stage_context *context, uint64_t done, uint64_t total, const char *unit)
{
        struct runner *runner = context->runner;
        pulse_beat();
        if (!runner && context->on_progress)
                context->on_progress(done, total, unit, context->userdata);
        if (!runner)
                return;
        uint64_t now_ms = clock_steady_ms();
        runner_lock(runner);
        struct upgrade_stage *stage = runner->upgrade.current < runner->upgrade.stage_count
                                              ? &runner->upgrade.stages[runner->upgrade.current]
                                              : NULL; /* work that is no stage's */
        if (stage) {
                stage->done = done;
                stage->total = total;
                stage->unit = unit;
        }
        progress_meter_update(&runner->meter, done, total, unit, now_ms);
        runner->activity_ms = clock_wall_ms();
        runner_snapshot_is_old(runner);
        bool notice = now_ms - runner->notice_ms >= NOTICE_EVERY_MS;
        /* A stage may count in threads of its own; the checkpoint is the worker's alone. */
        bool save = stage && now_ms - runner->saved_ms >= SAVE_EVERY_MS &&
                    pthread_equal(pthread_self(), runner->worker);
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

void stage_facts_changed(struct stage_context *context)
{
        if (!context->runner)
                return;
        worker_learn_facts(context->runner);
        runner_tell(context->runner);
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
        const struct log_field fields[] = {
                {"stage", name},
                {"upgrade", context->runner ? context->runner->upgrade.uuid : NULL},
                {NULL, NULL},
        };
        log_write(level, fields, "%s", text);
        if (!context->runner)
                return;
        worker_add_event(context->runner, level, name, text);
        worker_log_line(context->runner, text);
        runner_tell(context->runner);
}
