/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands, on the worker's side: each is recorded in the checkpoint before its work begins. */
#include "states/runner_private.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "states/facts.h"
#include "states/footprint.h"

#include <string.h>
#include <sys/random.h>

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
        return worker_change(runner, &change, err);
}

static int roll_back_upgrade(struct runner *runner, bool files_only, struct error *err)
{
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_ROLLBACK,
                .stage = NO_STAGE,
                .files_only = files_only,
                .level = LOG_LEVEL_INFO,
                .text = files_only ? "The rollback of the files begins; the database stays as it is."
                                   : "The rollback begins.",
        };
        return worker_change(runner, &change, err);
}

static int clean_upgrade(struct runner *runner, struct error *err)
{
        bool again = machine_is_clean(runner->upgrade.state);
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_CLEAN,
                .stage = NO_STAGE,
                .level = LOG_LEVEL_INFO,
                .text = again ? "The deleting of the backups goes on." : "The backups are being deleted.",
        };
        return worker_change(runner, &change, err);
}

static char *resume_says(const struct upgrade *upgrade)
{
        const char *what = machine_is_rollback(upgrade->state) ? "rollback" : "upgrade";
        if (machine_is_clean(upgrade->state))
                return string_copy("The deleting of the backups goes on after a stop.");
        if (upgrade->current < upgrade->stage_count)
                return string_format("The %s goes on after a stop, at: %s.", what,
                        upgrade->stages[upgrade->current].stage->title);
        return string_format("The %s goes on after a stop; every stage is done.", what);
}

static int resume_upgrade(struct runner *runner, const char *accepted, struct error *err)
{
        _cleanup_free_ char *text = resume_says(&runner->upgrade);
        runner->proves = true;
        struct upgrade_change change = {
                .moves = true,
                .event = EVENT_RESUME,
                .stage = NO_STAGE,
                .accepted = accepted,
                .level = LOG_LEVEL_INFO,
                .text = text,
        };
        return worker_change(runner, &change, err);
}

static const char *interruption_says(enum upgrade_state state)
{
        if (machine_is_clean(state))
                return "The deleting of the backups was interrupted: the daemon ended while it was at work.";
        return machine_is_rollback(state)
                       ? "The rollback was interrupted: the daemon ended while it was at work."
                       : "The upgrade was interrupted: the daemon ended while it was running.";
}

void worker_judge_interruption(struct runner *runner)
{
        const struct upgrade *upgrade = &runner->upgrade;
        _cleanup_error_ struct error err = {0};
        bool back = upgrade->state == UPGRADE_ROLLING_BACK;
        if (machine_is_at_work(upgrade->state)) {
                bool in_stage = upgrade->current < upgrade->stage_count &&
                                (!back || upgrade->stages[upgrade->current].state == STAGE_UNDOING);
                struct upgrade_change change = {
                        .moves = true,
                        .event = EVENT_INTERRUPT,
                        .stage = in_stage ? upgrade->current : NO_STAGE,
                        .stage_state = back ? STAGE_UNDOING : STAGE_PENDING,
                        .level = LOG_LEVEL_WARNING,
                        .text = interruption_says(upgrade->state),
                };
                worker_change_or_stop(runner, &change);
        }
        bool goes_on = machine_is_interrupted(upgrade->state) && !upgrade->waiting_for_user &&
                       !string_equal(runner->config->resume, "ask");
        if (goes_on && resume_upgrade(runner, NULL, &err) < 0)
                log_write(LOG_LEVEL_ERROR, NULL, "the upgrade waits for resume: %s", error_message(&err));
}

int worker_execute(struct runner *runner, const struct command *command, struct error *err)
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
        string_list_deinit(&runner->accepted_now);
        for (size_t i = 0; i < command->accepted_count; i++)
                string_list_add(&runner->accepted_now, command->accepted[i]);
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
