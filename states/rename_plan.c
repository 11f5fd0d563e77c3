/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/rename_plan_private.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/text.h"
#include "states/gate.h"
#include "states/stages.h"

#include <string.h>

#define GROUP_LIMIT 256 /* steps between two records */
#define PHASE_SET_ASIDE "set_aside"

void folders_deinit(struct folders *folders)
{
        closep(&folders->from);
        closep(&folders->to);
}

static int folders_open(struct stage_context *context, struct rename_plan *plan,
        const struct rename_step *step, struct folders *ret, struct error *err)
{
        _cleanup_free_ char *from = path_parent(step->from), *to = path_parent(step->to);
        _cleanup_(folders_deinit) struct folders folders = {-1, -1};
        int root = context->site->root_fd;
        int r = folder_open(root, from, &folders.from, err);
        if (r < 0)
                return -1;
        if (r == 1)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "the folder %s is gone", from);
        r = folder_open(root, to, &folders.to, err);
        if (r == 1 && (rename_make_folder(context, plan, to, err) < 0 ||
                              folder_open(root, to, &folders.to, err) != 0))
                return error_wrap(err, "making the folder %s", to);
        if (r < 0)
                return -1;
        *ret = folders;
        folders = (struct folders){-1, -1};
        return 0;
}

int rename_look(int folder_fd, const char *path, struct stat *ret, struct error *err)
{
        int r = folder_fd < 0 ? 1 : file_stat(folder_fd, path_name(path), ret, err);
        if (r == 1)
                *ret = (struct stat){0};
        return r < 0 ? -1 : 0;
}

bool rename_is_thing(const struct rename_step *step, const struct stat *there)
{
        return there->st_ino == step->inode && (there->st_mode & S_IFMT) == step->type;
}

/* Whether the plan has to do with it: such a thing is never set aside, and never taken for another's
 * successor. */
static bool is_planned(const struct rename_plan *plan, const struct stat *there)
{
        for (size_t i = 0; i < plan->count; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (rename_is_thing(step, there) || (step->partner && step->partner == there->st_ino))
                        return true;
        }
        return false;
}

static int contradiction(const struct rename_step *step, struct error *err)
{
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "%s is neither at its place nor at %s, where it was to go; put it back (or another under its "
                "name) and resume",
                step->from, step->to);
}

int rename_failed(const struct rename_step *step, int number, struct error *err)
{
        if (number == EXDEV || number == EBUSY)
                return error_set_errno(err, number,
                        "can't rename %s to %s, it is a mount point or on another file system", step->from,
                        step->to);
        return error_set_errno(err, number, "can't rename %s to %s", step->from, step->to);
}

int rename_drop_second_name(const struct rename_step *step, const struct stat *from, const struct stat *to,
        int folder_fd, const char *path, struct error *err)
{
        if (from->st_dev != to->st_dev || from->st_nlink < 2)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s and %s are both there, and are not one file under two names", step->from,
                        step->to);
        if (uninterrupted(unlinkat(folder_fd, path_name(path), 0)) == 0 || errno == ENOENT)
                return 0;
        return error_set_errno(err, errno, "%s and %s are one, and the name %s can't be taken away",
                step->from, step->to, path);
}

/* What stands in the way comes to where the thing was, and is set aside from there: nobody makes anything
 * there. Setting it aside first takes a record, in which a busy writer has made the next. A kill after the
 * exchange leaves it there, which loses nothing. */
static int change_places(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct folders *folders, struct error *err)
{
        const struct rename_step *step = &plan->steps[index];
        if (uninterrupted(renameat2(folders->from, path_name(step->from), folders->to, path_name(step->to),
                    RENAME_EXCHANGE)) == 0)
                return rename_set_aside(context, plan, step->from, err);
        return errno == ENOENT ? 1 : rename_failed(step, errno, err);
}

static int adopt(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct stat *there, struct error *err)
{
        stage_log(context, LOG_LEVEL_WARNING,
                "%s was replaced since the plan was made: what stands there now is moved.",
                plan->steps[index].from);
        return rename_adopt(context, plan, index, there, err);
}

/* One look and one act. 0: done, 1: something got in between, look again. */
static int try_move(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct folders *folders, bool again, struct error *err)
{
        const struct rename_step *step = &plan->steps[index];
        struct stat from, to;
        if (rename_look(folders->from, step->from, &from, err) < 0 ||
                rename_look(folders->to, step->to, &to, err) < 0)
                return -1;
        if (rename_is_thing(step, &to))
                return rename_is_thing(step, &from)
                               ? rename_drop_second_name(step, &from, &to, folders->from, step->from, err)
                               : 0;
        if (!rename_is_thing(step, &from)) {
                if (from.st_ino == 0 || to.st_ino != 0 || is_planned(plan, &from))
                        return contradiction(step, err);
                if (adopt(context, plan, index, &from, err) < 0)
                        return -1;
        } else if (to.st_ino != 0) {
                if (is_planned(plan, &to))
                        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                "%s can't go to %s, where something stands that should be elsewhere",
                                step->from, step->to);
                if (again)
                        return change_places(context, plan, index, folders, err);
                if (rename_set_aside(context, plan, plan->steps[index].to, err) < 0)
                        return -1;
                step = &plan->steps[index]; /* the plan grew */
        }
        if (uninterrupted(renameat2(folders->from, path_name(step->from), folders->to, path_name(step->to),
                    RENAME_NOREPLACE)) == 0)
                return 0;
        if (errno == EEXIST || errno == ENOENT)
                return 1;
        return rename_failed(step, errno, err);
}

static int try_swap(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct folders *folders, struct error *err)
{
        const struct rename_step *step = &plan->steps[index];
        struct stat from, to;
        if (rename_look(folders->from, step->from, &from, err) < 0 ||
                rename_look(folders->to, step->to, &to, err) < 0)
                return -1;
        if (rename_is_thing(step, &to))
                return 0;
        if (to.st_ino == 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s, which %s is to change places with, is gone: put an empty one there and resume",
                        step->to, step->from);
        if (!rename_is_thing(step, &from)) {
                if (from.st_ino == 0 || is_planned(plan, &from) || to.st_ino != step->partner)
                        return contradiction(step, err);
                if (adopt(context, plan, index, &from, err) < 0)
                        return -1;
        }
        if (uninterrupted(renameat2(folders->from, path_name(step->from), folders->to, path_name(step->to),
                    RENAME_EXCHANGE)) == 0)
                return 0;
        return errno == ENOENT ? 1 : rename_failed(step, errno, err);
}

/* A copy is known by what a copy keeps: type, size and time (a folder's size is its file system's own). */
static bool is_copy(const struct stat *from, const struct stat *to)
{
        if ((from->st_mode & S_IFMT) != (to->st_mode & S_IFMT))
                return false;
        if (S_ISLNK(from->st_mode))
                return from->st_size == to->st_size;
        if (S_ISREG(from->st_mode) && from->st_size != to->st_size)
                return false;
        return from->st_mtim.tv_sec == to->st_mtim.tv_sec;
}

static int try_copy(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct folders *folders, struct error *err)
{
        const struct rename_step *step = &plan->steps[index];
        int root = context->site->root_fd;
        struct stat from, to;
        if (rename_look(folders->from, step->from, &from, err) < 0 ||
                rename_look(folders->to, step->to, &to, err) < 0)
                return -1;
        if (from.st_ino == 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s, which was to be copied to %s, is gone", step->from, step->to);
        if (to.st_ino != 0 && is_copy(&from, &to))
                return 0;
        if (to.st_ino != 0 && rename_set_aside(context, plan, step->to, err) < 0)
                return -1;
        step = &plan->steps[index];
        if (folder_make(root, NAME_MAUTIC_3_FILES, 0700, err) < 0 ||
                tree_remove(root, RENAME_PATH_COPY, err) < 0 ||
                tree_copy(root, step->from, root, RENAME_PATH_COPY, context->cancel, err) < 0)
                return error_wrap(err, "copying %s", step->from);
        if (uninterrupted(renameat2(
                    root, RENAME_PATH_COPY, folders->to, path_name(step->to), RENAME_NOREPLACE)) == 0)
                return 0;
        return errno == EEXIST ? 1 : rename_failed(step, errno, err);
}

static int make_step(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct folders *folders, struct error *err)
{
        for (unsigned i = 0; i < RENAME_TRIES; i++) {
                int r = -1;
                switch (plan->steps[index].kind) {
                case RENAME_MOVE:
                        r = try_move(context, plan, index, folders, i > 0, err);
                        break;
                case RENAME_SWAP:
                        r = try_swap(context, plan, index, folders, err);
                        break;
                case RENAME_COPY:
                        r = try_copy(context, plan, index, folders, err);
                        break;
                }
                if (r <= 0)
                        return r;
        }
        return error_set(
                err, REASON_ALREADY_EXISTS, "something makes %s again and again", plan->steps[index].to);
}

static int finish_steps(struct stage_context *context, struct rename_plan *plan, const size_t *indexes,
        size_t count, struct error *err)
{
        if (checkpoint_begin(context->checkpoint, err) < 0)
                return -1;
        for (size_t i = 0; i < count; i++)
                if (checkpoint_finish_step(context->checkpoint, plan->journal, plan->steps[indexes[i]].number,
                            "renamed", err) < 0) {
                        checkpoint_rollback(context->checkpoint);
                        return -1;
                }
        if (checkpoint_commit(context->checkpoint, err) < 0) {
                checkpoint_rollback(context->checkpoint);
                return -1;
        }
        for (size_t i = 0; i < count; i++)
                plan->steps[indexes[i]].done = true;
        return 0;
}

bool rename_same_folders(const struct rename_step *left, const struct rename_step *right)
{
        _cleanup_free_ char *left_from = path_parent(left->from), *right_from = path_parent(right->from);
        _cleanup_free_ char *left_to = path_parent(left->to), *right_to = path_parent(right->to);
        return string_equal(left_from, right_from) && string_equal(left_to, right_to);
}

/* The steps that can be made and recorded together, from `first` on. A swap and a copy stand alone: what
 * comes after a swap relies on it even after a power cut, and a copy may be long. */
static size_t find_group(
        const struct rename_plan *plan, const char *phase, size_t first, size_t ret_indexes[GROUP_LIMIT])
{
        size_t count = 0;
        for (size_t i = first; i < plan->count && count < GROUP_LIMIT; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (step->done || !string_equal(step->phase, phase))
                        continue;
                if (count > 0 &&
                        (step->kind != RENAME_MOVE || plan->steps[ret_indexes[0]].kind != RENAME_MOVE ||
                                !rename_same_folders(step, &plan->steps[ret_indexes[0]])))
                        break;
                ret_indexes[count++] = i;
        }
        return count;
}

static int run_group(struct stage_context *context, struct rename_plan *plan, const size_t *indexes,
        size_t count, struct error *err)
{
        _cleanup_(folders_deinit) struct folders folders = {-1, -1};
        if (folders_open(context, plan, &plan->steps[indexes[0]], &folders, err) < 0)
                return -1;
        for (size_t i = 0; i < count; i++)
                if (make_step(context, plan, indexes[i], &folders, err) < 0)
                        return -1;
        if (file_sync(folders.to, plan->steps[indexes[0]].to, err) < 0 ||
                file_sync(folders.from, plan->steps[indexes[0]].from, err) < 0)
                return -1;
        return finish_steps(context, plan, indexes, count, err);
}

static void tell_progress(struct stage_context *context, const struct rename_plan *plan)
{
        if (!string_equal(plan->journal, context->stage->name)) /* a part of a stage that counts by itself */
                return;
        size_t done = 0;
        for (size_t i = 0; i < plan->count; i++)
                done += plan->steps[i].done;
        stage_progress(context, done, plan->count, "steps");
}

/* A newcomer whose setting aside was journalled before a kill. It may have gone by itself since then: then
 * there is nothing left to do. */
int rename_finish_set_asides(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        for (size_t i = 0; i < plan->count; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (step->done || !string_equal(step->phase, PHASE_SET_ASIDE))
                        continue;
                struct stat from, to;
                int root = context->site->root_fd;
                int r_from = file_stat(root, step->from, &from, err);
                if (r_from < 0)
                        return -1;
                int r_to = file_stat(root, step->to, &to, err);
                if (r_to < 0)
                        return -1;
                bool waits = r_from == 0 && rename_is_thing(step, &from) && r_to == 1;
                bool went =
                        r_to == 0 && rename_is_thing(step, &to); /* perhaps under both names, or unsynced */
                if (waits || went) {
                        if (run_group(context, plan, &i, 1, err) < 0)
                                return -1;
                } else if (finish_steps(context, plan, &i, 1, err) < 0) {
                        return -1;
                }
        }
        return 0;
}

int rename_plan_run(
        struct stage_context *context, struct rename_plan *plan, const char *phase, struct error *err)
{
        if (rename_finish_set_asides(context, plan, err) < 0)
                return -1;
        size_t group[GROUP_LIMIT], count;
        while ((count = find_group(plan, phase, 0, group)) > 0) {
                if (cancel_check(context->cancel, err) < 0 || run_group(context, plan, group, count, err) < 0)
                        return -1;
                tell_progress(context, plan);
        }
        return 0;
}

/* A name in the folder that nothing has yet: "0003-logs" for the third that comes. */
static int free_name(struct stage_context *context, const char *path, char **ret, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(context->site->root_fd, NAME_SET_ASIDE, &names, err) < 0)
                return -1;
        size_t number = 1;
        for (size_t i = 0; i < names.count; i++)
                number += !gate_is_guard(names.items[i]);
        for (;; number++) {
                _cleanup_free_ char *name = string_format("%04zu-%s", number, path_name(path));
                if (!string_list_has(&names, name)) {
                        *ret = string_format(NAME_SET_ASIDE "/%s", name);
                        return 0;
                }
        }
}

int rename_set_aside(
        struct stage_context *context, struct rename_plan *plan, const char *path, struct error *err)
{
        int root = context->site->root_fd;
        struct stat there;
        int r = file_stat(root, path, &there, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        _cleanup_free_ char *to = NULL;
        if (folder_make(root, NAME_SET_ASIDE, 0700, err) < 0 ||
                gate_forbid_folder(context, NAME_SET_ASIDE, err) < 0 ||
                free_name(context, path, &to, err) < 0)
                return error_wrap(err, "setting %s aside", path);
        _cleanup_free_ char *printable = text_printable(path, false);
        rename_plan_add(plan, PHASE_SET_ASIDE, RENAME_MOVE, path, to, &there, NULL);
        size_t index = plan->count - 1;
        if (rename_plan_record(context, plan, err) < 0 || run_group(context, plan, &index, 1, err) < 0)
                return error_wrap(err, "setting %s aside", printable);
        stage_log(context, LOG_LEVEL_WARNING,
                "%s stood in the way, made by something meanwhile. It is kept as %s.", printable, to);
        return 0;
}

static const char *const probes[] = {".mautic-upgraded-probe-1", ".mautic-upgraded-probe-2"};

int rename_probe_remove(int folder_fd, struct error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
                if (file_remove(folder_fd, probes[i], err) < 0)
                        return -1;
        return 0;
}

/* 0, -1, or the errno of what the file system refuses. */
static int try_flags(int folder_fd, struct error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(probes); i++) {
                _cleanup_close_ int fd = -1;
                if (file_open(folder_fd, probes[i], O_WRONLY | O_CREAT, 0600, &fd, err) < 0)
                        return -1;
        }
        if (uninterrupted(renameat2(folder_fd, probes[0], folder_fd, probes[1], RENAME_EXCHANGE)) < 0)
                return errno;
        if (uninterrupted(renameat2(folder_fd, probes[0], folder_fd, probes[1], RENAME_NOREPLACE)) == 0)
                return EINVAL; /* it does not know the flag */
        return errno == EEXIST ? 0 : errno;
}

int rename_probe(int folder_fd, struct error *err)
{
        _cleanup_error_ struct error kept = {0};
        int number = try_flags(folder_fd, err);
        if (rename_probe_remove(folder_fd, number < 0 ? &kept : err) < 0 || number < 0)
                return -1;
        if (number == EINVAL || number == ENOSYS || number == ENOTSUP)
                return error_set_errno(err, number,
                        "the site's file system can't exchange two names in one step (renameat2 with "
                        "RENAME_EXCHANGE and RENAME_NOREPLACE): the site has to be on a local file system "
                        "(ext4, xfs, btrfs, …)");
        if (number > 0)
                return error_set_errno(err, number, "can't exchange two names in the site's root");
        return 0;
}
