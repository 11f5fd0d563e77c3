/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/rollback_check.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/text.h"
#include "states/gate.h"
#include "states/rename_plan.h"
#include "states/restore_database.h"
#include "states/stages.h"

#define NAMES_TOLD 8

struct plans {
        struct rename_plan moved, restored, put_away;
};

static void plans_deinit(struct plans *plans)
{
        rename_plan_deinit(&plans->moved);
        rename_plan_deinit(&plans->restored);
        rename_plan_deinit(&plans->put_away);
}

static bool was_moved_on(const struct rename_plan *later, const char *path)
{
        for (size_t i = 0; i < later->count; i++)
                if (later->steps[i].kind == RENAME_MOVE && string_equal(later->steps[i].from, path))
                        return true;
        return false;
}

static int is_there(struct stage_context *context, const char *path, bool *ret, struct error *err)
{
        struct stat there;
        int r = file_stat(context->site->root_fd, path, &there, err);
        *ret = r == 0;
        return r < 0 ? -1 : 0;
}

/* Below the name that cleanup_files gives the folder; NULL: it does not, yet. */
static char *put_away_path(const struct plans *plans, const char *path)
{
        for (size_t i = 0; i < plans->put_away.count; i++)
                if (string_equal(plans->put_away.steps[i].from, NAME_MAUTIC_2_FILES))
                        return string_format(
                                "%s/%s", plans->put_away.steps[i].to, path_below(path, NAME_MAUTIC_2_FILES));
        return NULL;
}

/* By name: whoever copied the site to another disk has given everything another inode. */
static int find_thing(struct stage_context *context, const struct plans *plans, const char *path,
        struct buffer *missing, size_t *count, struct error *err)
{
        _cleanup_free_ char *away = put_away_path(plans, path);
        bool kept;
        if (is_there(context, path, &kept, err) < 0 ||
                (!kept && away && is_there(context, away, &kept, err) < 0))
                return -1;
        if (kept || ++*count > NAMES_TOLD)
                return 0;
        _cleanup_free_ char *printable = text_printable(away ?: path, false);
        buffer_append_format(missing, "%s%s", *count > 1 ? ", " : "", printable);
        return 0;
}

/* What users keep and delete at will is no loss to the way back; a copy stands at both ends. */
static bool is_needed(const struct plans *plans, const struct rename_step *step)
{
        return step->done && step->kind != RENAME_COPY && path_below(step->to, NAME_MAUTIC_2_FILES) &&
               !was_moved_on(&plans->restored, step->to);
}

int rollback_check_files(
        struct stage_context *context, struct buffer *missing, size_t *ret_count, struct error *err)
{
        _cleanup_(plans_deinit) struct plans plans = {0};
        size_t count = 0;
        if (rename_plan_load(context, stage_move_files.name, &plans.moved, err) < 0 ||
                rename_plan_load(context, stage_restore_user_data.name, &plans.restored, err) < 0 ||
                rename_plan_load(context, stage_cleanup_files.name, &plans.put_away, err) < 0)
                return -1;
        for (size_t i = 0; i < plans.moved.count; i++) {
                const struct rename_step *step = &plans.moved.steps[i];
                if (is_needed(&plans, step) &&
                        find_thing(context, &plans, step->to, missing, &count, err) < 0)
                        return -1;
        }
        *ret_count = count;
        return 0;
}

static int check_files(struct stage_context *context, struct error *err)
{
        _cleanup_buffer_ struct buffer missing = {0};
        size_t count;
        if (rollback_check_files(context, &missing, &count, err) < 0)
                return -1;
        if (count == 0)
                return 0;
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "%zu of Mautic 2's files and folders are gone: %s%s; put them (or others) there and go on "
                "with "
                "rollback",
                count, missing.data, count > NAMES_TOLD ? ", …" : "");
}

/* The user's things are fetched from where they were brought to. A link or a file in a folder's place (media
 * that was moved to another disk) can't be looked behind. */
static int check_folders(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        _cleanup_free_ char *last = NULL;
        if (rename_plan_load(context, stage_restore_user_data.name, &plan, err) < 0)
                return -1;
        for (size_t i = 0; i < plan.count; i++) {
                _cleanup_close_ int fd = -1;
                _cleanup_free_ char *folder = path_parent(plan.steps[i].to);
                if (!plan.steps[i].done || string_equal(folder, last))
                        continue;
                if (folder_open(context->site->root_fd, folder, &fd, err) < 0)
                        return error_wrap(err, "the folder %s must be one for the way back", folder);
                string_replace(&last, steal(&folder));
        }
        return 0;
}

int rollback_check(struct stage_context *context, struct error *err)
{
        bool closed;
        if (gate_is_up(context->site->root_fd, &closed, err) < 0)
                return -1;
        if (closed)
                return 0;
        if (check_files(context, err) < 0 || check_folders(context, err) < 0 ||
                restore_database_can_begin(context, err) < 0)
                return error_wrap(err, "nothing was touched, Mautic 3 is left as it stands");
        return 0;
}
