/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * The gate on the way back: in front of a Mautic 3 that visitors were let in to, or of a Mautic 2 that was
 * never moved.
 */

#include "states/gate_private.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "states/downtime.h"
#include "states/leftovers.h"
#include "states/rollback_check.h"

#define PHASE_HOLD_CONSOLE "hold_console"
#define JOURNAL_ROLLBACK "gate_rollback"
#define PHASE_RAISE "raise"
#define FOLDER ".mautic-upgraded-gate"

static int is_there(struct stage_context *context, const char *path, bool *ret, struct error *err)
{
        struct stat there;
        int r = file_stat(context->site->root_fd, path, &there, err);
        *ret = r == 0;
        return r < 0 ? -1 : 0;
}

/* Before Mautic 3 */

/* The stubs lay in mautic-3-temp-files, which cleanup_files has deleted. */
static int remake_stubs(struct stage_context *context, struct error *err)
{
        _cleanup_free_ char *held = NULL;
        bool up, held_there, console_there;
        int root = context->site->root_fd;
        if (folder_make(root, NAME_MAUTIC_3_FILES, 0700, err) < 0 ||
                gate_forbid_folder(context, NAME_MAUTIC_3_FILES, err) < 0 ||
                gate_held_name(context, &held, err) < 0 || gate_is_up(root, &up, err) < 0 ||
                is_there(context, held, &held_there, err) < 0 ||
                is_there(context, "app/console", &console_there, err) < 0)
                return -1;
        if (!up && !held_there && gate_write_page(context, NAME_MAUTIC_3_FILES "/index.php", err) < 0)
                return -1;
        return console_there ? 0 : gate_write_console(context, GATE_APP_CONSOLE, err);
}

/* Mautic 3's index.php may have been deleted since: then nothing changes places with the stub. */
static int close_index(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        bool up;
        if (rename_plan_undo(context, plan, GATE_PHASE_OPEN, RENAME_LOST_IS_FINE, err) < 0 ||
                gate_write_page(context, "index.php", err) < 0 ||
                gate_is_up(context->site->root_fd, &up, err) < 0)
                return -1;
        return up ? 0
                  : error_set(err, REASON_EVIDENCE_CONTRADICTS,
                            "index.php is not the 503 page: something has replaced it meanwhile");
}

/* Cron's jobs call Mautic 3's console by now. It can't go as app/console does, in a folder that is gone. */
static int close_console(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        bool planned = false;
        struct stat stub, console;
        int root = context->site->root_fd;
        for (size_t i = 0; i < plan->count; i++)
                planned = planned || string_equal(plan->steps[i].phase, PHASE_HOLD_CONSOLE);
        if (!planned) {
                int r = file_stat(root, "bin/console", &console, err);
                if (r != 0)
                        return r < 0 ? -1 : 0;
                if (gate_write_console(context, GATE_HELD_CONSOLE, err) < 0 ||
                        file_stat(root, GATE_HELD_CONSOLE, &stub, err) != 0)
                        return error_wrap(err, "preparing the console that answers meanwhile");
                rename_plan_add(plan, PHASE_HOLD_CONSOLE, RENAME_SWAP, GATE_HELD_CONSOLE, "bin/console",
                        &stub, &console);
                if (rename_plan_record(context, plan, err) < 0)
                        return -1;
        }
        return rename_plan_run(context, plan, PHASE_HOLD_CONSOLE, err);
}

int gate_raise_again(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        bool was_up;
        if (rename_plan_load(context, GATE_JOURNAL, &plan, err) < 0)
                return -1;
        if (plan.count == 0)
                return 0;
        if (gate_is_up(context->site->root_fd, &was_up, err) < 0 || rollback_check(context, err) < 0 ||
                (!was_up && downtime_ends(context, err) < 0)) /* killed before that was recorded */
                return -1;
        if (remake_stubs(context, err) < 0 || close_index(context, &plan, err) < 0 ||
                downtime_begins(context, err) < 0)
                return error_wrap(err, "closing the site to visitors");
        if (!was_up)
                stage_log(context, LOG_LEVEL_INFO, "Visitors get a 503 page from now on.");
        if (close_console(context, &plan, err) < 0 ||
                rename_plan_undo(context, &plan, GATE_PHASE_ADMIT, RENAME_LOST_IS_FINE, err) < 0)
                return error_wrap(err, "closing the site to visitors");
        return gate_wait_for_requests(context, err);
}

/* Before a Mautic 2 that was never moved */

static int plan_swap(struct stage_context *context, struct rename_plan *plan, const char *path,
        const char *stub, struct error *err)
{
        struct stat mautic_2, other;
        int root = context->site->root_fd;
        int r = file_stat(root, path, &mautic_2, err);
        if (r == 0)
                r = file_stat(root, stub, &other, err);
        if (r == 0)
                rename_plan_add(plan, PHASE_RAISE, RENAME_SWAP, path, stub, &mautic_2, &other);
        return r < 0 ? -1 : 0;
}

/* Only the console itself: app is read while the database is brought back. */
static int plan_raise(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        int root = context->site->root_fd;
        if (folder_make(root, FOLDER, 0700, err) < 0 || gate_forbid_folder(context, FOLDER, err) < 0 ||
                gate_write_page(context, FOLDER "/index.php", err) < 0 ||
                gate_write_console(context, FOLDER "/console", err) < 0)
                return error_wrap(err, "preparing the 503 page");
        if (plan_swap(context, plan, "index.php", FOLDER "/index.php", err) < 0 ||
                plan_swap(context, plan, "app/console", FOLDER "/console", err) < 0)
                return -1;
        return rename_plan_record(context, plan, err);
}

static int lower(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        if (rename_plan_undo(context, plan, PHASE_RAISE, RENAME_LOST_FAILS, err) < 0 ||
                leftovers_remove(context, plan, FOLDER, err) < 0 ||
                checkpoint_clear_steps(context->checkpoint, JOURNAL_ROLLBACK, err) < 0)
                return -1;
        rename_plan_deinit(plan);
        plan->journal = JOURNAL_ROLLBACK;
        return 0;
}

/* A gate that is not up may be one that was lowered, with its steps left: it is planned anew. */
int gate_raise_for_rollback(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        bool up;
        if (rename_plan_load(context, JOURNAL_ROLLBACK, &plan, err) < 0 ||
                gate_is_up(context->site->root_fd, &up, err) < 0 || (!up && lower(context, &plan, err) < 0) ||
                (plan.count == 0 && plan_raise(context, &plan, err) < 0) ||
                rename_plan_run(context, &plan, PHASE_RAISE, err) < 0 || downtime_begins(context, err) < 0)
                return error_wrap(err, "closing the site to visitors");
        return gate_wait_for_requests(context, err);
}

int gate_lower_after_rollback(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, JOURNAL_ROLLBACK, &plan, err) < 0 || lower(context, &plan, err) < 0 ||
                downtime_ends(context, err) < 0)
                return error_wrap(err, "letting visitors in");
        return 0;
}
