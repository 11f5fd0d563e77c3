/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A plan of renames, turned round. Nothing is recorded step by step: what is on disk says what is left to do,
 * so only what would make that unclear is journalled first (a thing that was replaced, what is set aside).
 */

#include "states/rename_plan_private.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/text.h"
#include "states/gate.h"
#include "states/stages.h"

#include <limits.h>
#include <string.h>

#define TOLD_LIMIT 20 /* lost things that are named one by one */

struct undo {
        struct stage_context *context;
        struct rename_plan *plan;
        enum rename_lost lost;
        size_t lost_count;
        /* The folders of the steps at work, -1 where there is none, and the last of these steps; SIZE_MAX:
         * none is open yet. */
        struct folders folders;
        size_t of_step;
        bool unsynced;
};

static void undo_deinit(struct undo *undo)
{
        folders_deinit(&undo->folders);
}

/* Folders */

static int sync_folders(struct undo *undo, struct error *err)
{
        if (!undo->unsynced)
                return 0;
        const struct rename_step *step = &undo->plan->steps[undo->of_step];
        if ((undo->folders.from >= 0 && file_sync(undo->folders.from, step->from, err) < 0) ||
                (undo->folders.to >= 0 && file_sync(undo->folders.to, step->to, err) < 0))
                return -1;
        undo->unsynced = false;
        return 0;
}

static int open_parent(struct undo *undo, const char *path, int *ret_fd, struct error *err)
{
        _cleanup_free_ char *parent = path_parent(path);
        closep(ret_fd);
        return folder_open(undo->context->site->root_fd, parent, ret_fd, err) < 0 ? -1 : 0;
}

/* What was renamed between two other folders is synced before anything relies on it. */
static int enter_folders(struct undo *undo, size_t index, struct error *err)
{
        const struct rename_plan *plan = undo->plan;
        bool open = undo->of_step != SIZE_MAX;
        if (open && rename_same_folders(&plan->steps[undo->of_step], &plan->steps[index]))
                return 0;
        if (cancel_check(undo->context->cancel, err) < 0 || sync_folders(undo, err) < 0)
                return -1;
        undo->of_step = index;
        undo->unsynced = true; /* a process that was killed may have renamed here without living to sync it */
        return open_parent(undo, plan->steps[index].from, &undo->folders.from, err) < 0
                       ? -1
                       : open_parent(undo, plan->steps[index].to, &undo->folders.to, err);
}

/* One step */

enum verdict {
        VERDICT_DONE, /* it is where it came from, or was never moved */
        VERDICT_BACK, /* it is at its goal */
        VERDICT_REPLACED, /* something else is at its goal now, in its stead */
        VERDICT_LOST,
};

static enum verdict judge(const struct rename_plan *plan, const struct rename_step *step,
        const struct stat *from, const struct stat *to)
{
        if (rename_is_thing(step, from))
                return VERDICT_DONE;
        if (rename_is_thing(step, to))
                return VERDICT_BACK;
        /* A swap that was not made: its partner is still there, and its own place is another's. */
        bool unmade = to->st_ino != 0 && to->st_ino == step->partner;
        bool foreign = to->st_ino != 0 && !unmade && !rename_plan_has(plan, step->to, to);
        /* What comes to the thing's place when the step is made: nothing, or a swap's partner. */
        if (foreign && (step->done || from->st_ino == step->partner))
                return VERDICT_REPLACED;
        return from->st_ino != 0 ? VERDICT_DONE : VERDICT_LOST;
}

static bool was_moved_on(const struct rename_plan *later, const struct rename_step *step)
{
        for (size_t i = 0; later && i < later->count; i++)
                if (later->steps[i].kind == RENAME_MOVE && string_equal(later->steps[i].from, step->to))
                        return true;
        return false;
}

static int tell_lost(struct undo *undo, const struct rename_step *step, struct error *err)
{
        if (was_moved_on(undo->plan->later, step))
                return 0;
        _cleanup_free_ char *printable = text_printable(step->to, false);
        switch (undo->lost) {
        case RENAME_LOST_FAILS:
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s is neither there nor at %s, where it is to go back to; put it (or another) at "
                        "one "
                        "of the two and go on with rollback",
                        step->to, step->from);
        case RENAME_LOST_IS_TOLD:
                if (undo->lost_count++ < TOLD_LIMIT)
                        stage_log(undo->context, LOG_LEVEL_WARNING,
                                "%s was deleted since the upgrade and can't be brought back.", printable);
                return 0;
        case RENAME_LOST_IS_FINE:
                return 0;
        }
        return 0;
}

/* What the gate has put there may go. */
static int clear_place(struct undo *undo, const char *path, struct error *err)
{
        bool stub;
        int root = undo->context->site->root_fd;
        if (gate_is_stub(root, path, &stub, err) < 0)
                return -1;
        if (stub)
                return file_remove(root, path, err) < 0 ? -1 : 0;
        return rename_set_aside(undo->context, undo->plan, path, err);
}

/* The thing goes from its goal back to where it was. 0: done, 1: something got in between, look again. */
static int put_back(struct undo *undo, size_t index, const struct stat *from, bool again, struct error *err)
{
        const struct rename_step *step = &undo->plan->steps[index];
        struct folders *folders = &undo->folders;
        if (folders->from < 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "the folder in which %s was is gone, so that it can't go back there from %s",
                        step->from, step->to);
        /* The folder for what is set aside can't be set aside in itself: another one that has come to be
         * under its name goes into it afterwards. */
        bool swaps = step->kind == RENAME_SWAP || again || string_equal(step->from, NAME_SET_ASIDE);
        if (from->st_ino != 0 && step->kind == RENAME_MOVE) {
                if (rename_plan_has(undo->plan, step->from, from))
                        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                "%s can't go back to %s, where something stands that should be elsewhere",
                                step->to, step->from);
                if (!swaps && clear_place(undo, step->from, err) < 0)
                        return -1;
                step = &undo->plan->steps[index]; /* the plan grew */
        }
        unsigned flags = swaps && from->st_ino != 0 ? RENAME_EXCHANGE : RENAME_NOREPLACE;
        undo->unsynced = true;
        if (uninterrupted(renameat2(
                    folders->to, path_name(step->to), folders->from, path_name(step->from), flags)) < 0)
                return errno == EEXIST || errno == ENOENT ? 1 : rename_failed(step, errno, err);
        if (step->kind == RENAME_SWAP)
                return sync_folders(undo, err);
        /* A writer that is quicker than the record of what is set aside: it comes to where nobody writes. */
        return flags == RENAME_EXCHANGE ? rename_set_aside(undo->context, undo->plan, step->to, err) : 0;
}

static int undo_rename(struct undo *undo, size_t index, struct error *err)
{
        for (unsigned i = 0; i < RENAME_TRIES; i++) {
                const struct rename_step *step = &undo->plan->steps[index];
                struct stat from, to;
                if (rename_look(undo->folders.from, step->from, &from, err) < 0 ||
                        rename_look(undo->folders.to, step->to, &to, err) < 0)
                        return -1;
                switch (judge(undo->plan, step, &from, &to)) {
                case VERDICT_DONE:
                        if (step->kind == RENAME_MOVE && rename_is_thing(step, &from) &&
                                rename_is_thing(step, &to))
                                return rename_drop_second_name(
                                        step, &from, &to, undo->folders.to, step->to, err);
                        return 0;
                case VERDICT_LOST:
                        return tell_lost(undo, step, err);
                case VERDICT_REPLACED:
                        if (rename_adopt(undo->context, undo->plan, index, &to, err) < 0)
                                return -1;
                        break;
                case VERDICT_BACK:
                        break;
                }
                int r = put_back(undo, index, &from, i > 0, err);
                if (r <= 0)
                        return r;
        }
        return error_set(err, REASON_ALREADY_EXISTS, "something makes %s again and again",
                undo->plan->steps[index].from);
}

/* Copies */

static int same_entry(int root, const char *left, const char *right, bool *ret, struct error *err);

static int same_folder(int root, const char *left, const char *right, bool *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0}, others = {0};
        if (folder_list(root, left, &names, err) < 0 || folder_list(root, right, &others, err) < 0)
                return -1;
        *ret = names.count == others.count;
        for (size_t i = 0; *ret && i < names.count; i++) {
                _cleanup_free_ char *one = string_format("%s/%s", left, names.items[i]);
                _cleanup_free_ char *other = string_format("%s/%s", right, names.items[i]);
                if (same_entry(root, one, other, ret, err) < 0)
                        return -1;
        }
        return 0;
}

static int same_file(int root, const char *left, const char *right, bool *ret, struct error *err)
{
        char hash[65];
        uint64_t size = 0;
        int r = file_sha256(root, left, NULL, hash, &size, err);
        *ret = false;
        if (r != 0)
                return r < 0 ? -1 : 0;
        return file_matches(root, right, size, hash, NULL, ret, err);
}

static int same_link(int root, const char *left, const char *right, bool *ret)
{
        _cleanup_free_ char *one = memory_new(PATH_MAX), *other = memory_new(PATH_MAX);
        ssize_t size = readlinkat(root, left, one, PATH_MAX);
        *ret = size >= 0 && readlinkat(root, right, other, PATH_MAX) == size &&
               memcmp(one, other, (size_t)size) == 0;
        return 0;
}

/* Names, contents and targets alone: a copy may have got other rights since, and loses nothing with them. */
static int same_entry(int root, const char *left, const char *right, bool *ret, struct error *err)
{
        struct stat one, other;
        *ret = false;
        int r = file_stat(root, left, &one, err);
        if (r == 0)
                r = file_stat(root, right, &other, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        if ((one.st_mode & S_IFMT) != (other.st_mode & S_IFMT))
                return 0;
        if (S_ISDIR(one.st_mode))
                return same_folder(root, left, right, ret, err);
        return S_ISLNK(one.st_mode) ? same_link(root, left, right, ret)
                                    : same_file(root, left, right, ret, err);
}

/* By one rename out of the way, so that a kill leaves no part of it behind. */
static int remove_copy(struct undo *undo, const struct rename_step *step, struct error *err)
{
        int root = undo->context->site->root_fd;
        if (folder_make(root, NAME_MAUTIC_3_FILES, 0700, err) < 0 ||
                tree_remove(root, RENAME_PATH_COPY, err) < 0 ||
                file_rename(root, step->to, root, RENAME_PATH_COPY, err) < 0)
                return error_wrap(err, "removing the copy %s", step->to);
        return tree_remove(root, RENAME_PATH_COPY, err) < 0 ? -1 : 0;
}

static int undo_copy(struct undo *undo, size_t index, struct error *err)
{
        const struct rename_step *step = &undo->plan->steps[index];
        struct stat from, to;
        bool same;
        if (rename_look(undo->folders.from, step->from, &from, err) < 0 ||
                rename_look(undo->folders.to, step->to, &to, err) < 0)
                return -1;
        /* Without a source it is the source itself that stands there, back already. */
        if (from.st_ino == 0 || to.st_ino == 0 || rename_plan_has(undo->plan, step->to, &to))
                return 0;
        if (same_entry(undo->context->site->root_fd, step->from, step->to, &same, err) < 0)
                return error_wrap(err, "comparing %s with its copy", step->from);
        return same ? remove_copy(undo, step, err)
                    : rename_set_aside(undo->context, undo->plan, step->to, err);
}

static int undo_step(struct undo *undo, size_t index, struct error *err)
{
        if (enter_folders(undo, index, err) < 0)
                return -1;
        switch (undo->plan->steps[index].kind) {
        case RENAME_MOVE:
        case RENAME_SWAP:
                return undo_rename(undo, index, err);
        case RENAME_COPY:
                return undo_copy(undo, index, err);
        }
        return 0;
}

/* What was there before the plan */

static int remove_made_folders(struct undo *undo, struct error *err)
{
        int root = undo->context->site->root_fd;
        for (size_t i = undo->plan->folder_count; i-- > 0;) {
                const struct rename_folder *folder = &undo->plan->folders[i];
                struct stat there;
                int r = folder->made ? file_stat(root, folder->path, &there, err) : 1;
                if (r == 0 && S_ISDIR(there.st_mode) && !rename_plan_has(undo->plan, folder->path, &there))
                        r = folder_remove_empty(root, folder->path, err);
                if (r < 0)
                        return -1;
        }
        return 0;
}

static int set_time(struct undo *undo, const struct rename_folder *folder, int fd, struct error *err)
{
        int r = file_set_time(fd, &folder->time, folder->path, err);
        if (r <= 0)
                return r < 0 ? -1 : file_sync(fd, folder->path, err);
        _cleanup_free_ char *printable = text_printable(folder->path, false);
        stage_log(undo->context, LOG_LEVEL_WARNING, "%s belongs to another user and keeps its new time.",
                printable);
        return 0;
}

static bool has_time(const struct stat *there, const struct timespec *time)
{
        return there->st_mtim.tv_sec == time->tv_sec && there->st_mtim.tv_nsec == time->tv_nsec;
}

static int restore_times(struct undo *undo, struct error *err)
{
        for (size_t i = 0; i < undo->plan->folder_count; i++) {
                const struct rename_folder *folder = &undo->plan->folders[i];
                _cleanup_close_ int fd = -1;
                struct stat there;
                if (folder->made)
                        continue;
                int r = folder_open(undo->context->site->root_fd, folder->path, &fd, err);
                if (r > 0)
                        continue;
                if (r < 0)
                        return -1;
                if (fstat(fd, &there) < 0)
                        return error_set_errno(err, errno, "can't look at %s", folder->path);
                if (there.st_ino == folder->inode && !has_time(&there, &folder->time) &&
                        set_time(undo, folder, fd, err) < 0)
                        return -1;
        }
        return 0;
}

static void tell_progress(const struct undo *undo, size_t left)
{
        if (string_equal(undo->plan->journal, undo->context->stage->name))
                stage_progress(undo->context, undo->plan->count - left, undo->plan->count, "steps");
}

int rename_plan_undo(struct stage_context *context, struct rename_plan *plan, const char *phase,
        enum rename_lost lost, struct error *err)
{
        if (rename_finish_set_asides(context, plan, err) < 0)
                return -1;
        size_t count = plan->count; /* what is set aside on the way is no step of this phase */
        _cleanup_(undo_deinit) struct undo undo = {
                .context = context, .plan = plan, .lost = lost, .folders = {-1, -1}, .of_step = SIZE_MAX};
        for (size_t i = count; i-- > 0;) {
                if (!string_equal(plan->steps[i].phase, phase))
                        continue;
                if (undo_step(&undo, i, err) < 0)
                        return -1;
                tell_progress(&undo, i);
        }
        if (undo.lost_count > TOLD_LIMIT)
                stage_log(context, LOG_LEVEL_WARNING, "%zu more were deleted since the upgrade.",
                        undo.lost_count - TOLD_LIMIT);
        if (sync_folders(&undo, err) < 0 || remove_made_folders(&undo, err) < 0)
                return -1;
        return restore_times(&undo, err);
}
