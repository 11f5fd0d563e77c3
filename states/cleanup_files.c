/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The upgrade's own files are put away, where no visitor finds them.
 *
 * Takes: a Mautic 3 that runs. Leaves: Mautic 2's files, the log and what was set aside below var/, under
 * names that can't be guessed and for the owner alone; no mautic-3-temp-files. The dump stays in the state
 * folder, which is outside of the web root. Nothing that the way back needs is deleted: mautic-3-temp-files
 * holds stubs by now, and whatever else is found there is kept. What can't be deleted is named in the log and
 * no failure. Survives a kill: the names are chosen once and journalled with the renames.
 */

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "states/cron_lines.h"
#include "states/facts.h"
#include "states/gate.h"
#include "states/leftovers.h"
#include "states/proof.h"
#include "states/rename_plan.h"
#include "states/rollback_check.h"
#include "states/stages.h"

#include <string.h>

#define FACT_SUFFIX "cleanup_files.suffix"
#define PHASE_MAUTIC_2 "put_away_mautic_2"
#define PHASE_LOG "put_away_log"
#define PHASE_REST "put_away"
#define PHASE_SET_ASIDE "put_away_set_aside"

/* What goes below var/, with the random suffix between stem and ending. What was set aside is the last, and
 * the first that comes back: whatever stands in the way of the others then is set aside in it. */
static const struct {
        const char *phase, *name, *stem, *ending;
        mode_t mode;
} put_away[] = {
        {PHASE_MAUTIC_2, NAME_MAUTIC_2_FILES, "var/" NAME_MAUTIC_2_FILES "-", "", 0700},
        {PHASE_LOG, NAME_LOG, "var/upgrade_log_", ".txt", 0600},
        {PHASE_REST, NAME_BACKUP, "var/m3_upgrade_db_backup_", ".sql", 0600}, /* of the script */
        {PHASE_REST, NAME_PACKAGE, "var/mautic-3-update-package_", ".zip", 0600}, /* put there by hand */
        {PHASE_SET_ASIDE, NAME_SET_ASIDE, "var/" NAME_SET_ASIDE "-", "", 0700},
};

static bool is_put_away(const struct rename_step *step)
{
        return string_equal(step->phase, PHASE_MAUTIC_2) || string_equal(step->phase, PHASE_LOG) ||
               string_equal(step->phase, PHASE_REST) || string_equal(step->phase, PHASE_SET_ASIDE);
}

static void tell_kept(struct stage_context *context, const char *name, struct error *why)
{
        stage_log(context, LOG_LEVEL_WARNING, "%s could not be deleted, do it yourself: %s.", name,
                error_message(why));
        error_deinit(why);
}

static int delete_leftovers(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        _cleanup_error_ struct error why = {0};
        if (leftovers_remove(context, plan, NAME_MAUTIC_3_FILES, &why) < 0)
                tell_kept(context, NAME_MAUTIC_3_FILES, &why);
        if (file_remove(context->site->root_fd, "critical_migrations.txt", &why) < 0)
                tell_kept(context, "critical_migrations.txt", &why);
        return cancel_check(context->cancel, err);
}

static int plan_put_away(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        _cleanup_free_ char *suffix = NULL;
        if (fact_random(context, FACT_SUFFIX, &suffix, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(put_away); i++) {
                struct stat there;
                int r = file_stat(context->site->root_fd, put_away[i].name, &there, err);
                if (r < 0)
                        return -1;
                if (r == 1 || S_ISDIR(there.st_mode) != (put_away[i].mode == 0700))
                        continue;
                _cleanup_free_ char *to =
                        string_format("%s%s%s", put_away[i].stem, suffix, put_away[i].ending);
                rename_plan_add(plan, put_away[i].phase, RENAME_MOVE, put_away[i].name, to, &there, NULL);
        }
        return rename_plan_record(context, plan, err);
}

/* The runner writes to the log by the name in the fact; set before the rename, no line makes the old name
 * anew. */
static int announce_log(struct stage_context *context, const struct rename_plan *plan, struct error *err)
{
        for (size_t i = 0; i < plan->count; i++)
                if (string_equal(plan->steps[i].phase, PHASE_LOG))
                        return checkpoint_set_fact(
                                context->checkpoint, FACT_UPGRADE_LOG, plan->steps[i].to, err);
        return 0;
}

/* A package or dump that somebody else put there by hand. */
static int keep_mode(struct stage_context *context, const char *path)
{
        stage_log(context, LOG_LEVEL_WARNING, "%s belongs to another user and keeps its mode.", path);
        return 0;
}

static int set_mode(struct stage_context *context, const char *path, mode_t mode, struct error *err)
{
        _cleanup_close_ int fd = -1;
        struct stat there;
        int r = file_open(context->site->root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, err);
        if (r < 0 && err->reason == REASON_PERMISSION_DENIED) {
                error_deinit(err);
                return keep_mode(context, path);
        }
        if (r != 0)
                return r < 0 ? -1 : 0;
        if (fstat(fd, &there) < 0)
                return error_set_errno(err, errno, "can't look at %s", path);
        if ((there.st_mode & 07777) == mode)
                return 0;
        int changed = uninterrupted(fchmod(fd, mode));
        if (changed < 0 && errno == EPERM)
                return keep_mode(context, path);
        if (changed < 0)
                return error_set_errno(err, errno, "can't change the mode of %s", path);
        return file_sync(fd, path, err);
}

/* For the owner alone, or as it was. */
static int set_modes(
        struct stage_context *context, const struct rename_plan *plan, bool back, struct error *err)
{
        for (size_t i = 0; i < plan->count; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (!is_put_away(step) || (step->type != S_IFREG && step->type != S_IFDIR))
                        continue;
                mode_t mode = back ? step->mode : step->type == S_IFDIR ? 0700 : 0600;
                if (set_mode(context, back ? step->from : step->to, mode, err) < 0)
                        return -1;
        }
        return 0;
}

static void tell_where(struct stage_context *context, const struct rename_plan *plan)
{
        for (size_t i = 0; i < plan->count; i++)
                if (is_put_away(&plan->steps[i]))
                        stage_log(context, LOG_LEVEL_INFO, "%s is now %s.", plan->steps[i].from,
                                plan->steps[i].to);
        stage_log(context, LOG_LEVEL_INFO, "The database's backup stays outside of the web root, in %s.",
                context->state_path);
}

static int remind_of_cron(struct stage_context *context, struct error *err)
{
        _cleanup_string_list_ struct string_list lines = {0};
        if (cron_lines_find(context, &lines, err) < 0)
                return -1;
        stage_log(context, lines.count > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                "Cron jobs must call bin/console instead of app/console from now on%s",
                lines.count > 0 ? "; these do not yet:" : ".");
        for (size_t i = 0; i < lines.count; i++)
                stage_log(context, LOG_LEVEL_WARNING, "%s", lines.items[i]);
        return 0;
}

static bool is_planned(const struct rename_plan *plan)
{
        for (size_t i = 0; i < plan->count; i++)
                if (is_put_away(&plan->steps[i]))
                        return true;
        return false;
}

static int cleanup_files(struct stage_context *context, struct error *err)
{
        int root = context->site->root_fd;
        bool gate_up;
        if (gate_is_up(root, &gate_up, err) < 0)
                return -1;
        if (gate_up)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "index.php is still the 503 page, though Mautic 3 was let in: nothing was put away");
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, context->stage->name, &plan, err) < 0)
                return -1;
        if (!is_planned(&plan)) {
                if (delete_leftovers(context, &plan, err) < 0 || remind_of_cron(context, err) < 0 ||
                        plan_put_away(context, &plan, err) < 0)
                        return -1;
                tell_where(context, &plan);
        }
        if (folder_make(root, "var", 0755, err) < 0 || gate_forbid_web(root, "var", err) < 0 ||
                rename_plan_run(context, &plan, PHASE_MAUTIC_2, err) < 0 ||
                announce_log(context, &plan, err) < 0 ||
                rename_plan_run(context, &plan, PHASE_LOG, err) < 0 ||
                rename_plan_run(context, &plan, PHASE_REST, err) < 0 ||
                rename_plan_run(context, &plan, PHASE_SET_ASIDE, err) < 0 ||
                set_modes(context, &plan, false, err) < 0)
                return error_wrap(err, "putting the upgrade's files below var/");
        return STAGE_DONE;
}

/* No line is written while the log is on its way: under either name it would make a new file. */
static int take_back_log(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        for (size_t i = 0; i < plan->count; i++)
                if (string_equal(plan->steps[i].phase, PHASE_LOG))
                        return checkpoint_set_fact(context->checkpoint, FACT_UPGRADE_LOG, "", err) < 0 ||
                                               rename_plan_undo(context, plan, PHASE_LOG, RENAME_LOST_IS_FINE,
                                                       err) < 0 ||
                                               checkpoint_set_fact(context->checkpoint, FACT_UPGRADE_LOG,
                                                       NAME_LOG, err) < 0
                                       ? -1
                                       : 0;
        return 0;
}

/* Mautic 2's files before the others: without them there is no way back, and visitors had better stay where
 * they are. */
static int take_back(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, context->stage->name, &plan, err) < 0 ||
                rollback_check(context, err) < 0)
                return -1;
        if (rename_plan_undo(context, &plan, PHASE_SET_ASIDE, RENAME_LOST_IS_TOLD, err) < 0 ||
                rename_plan_undo(context, &plan, PHASE_MAUTIC_2, RENAME_LOST_FAILS, err) < 0 ||
                rename_plan_undo(context, &plan, PHASE_REST, RENAME_LOST_IS_TOLD, err) < 0 ||
                take_back_log(context, &plan, err) < 0 || set_modes(context, &plan, true, err) < 0)
                return error_wrap(err, "bringing the upgrade's files back from var/");
        return 0;
}

const struct stage stage_cleanup_files = {
        .name = "cleanup_files",
        .title = "Put the upgrade's files away",
        .error_code = ERR_CLEANUP_FILES,
        .run = cleanup_files,
        .prove = prove_cleanup_files,
        .undo = take_back,
        .begins = BOUNDARY_MAUTIC_3_LIVE,
};
