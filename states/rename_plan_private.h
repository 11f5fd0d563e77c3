/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What states/rename_*.c share; nobody else includes this. */

#include "states/rename_plan.h"

#define RENAME_TRIES 16 /* how often a newcomer may get in between the look and the rename */
#define RENAME_PATH_COPY NAME_MAUTIC_3_FILES "/" RENAME_NAME_COPY

/* The two folders a group of steps works between. */
struct folders {
        int from, to;
};
void folders_deinit(struct folders *folders);
bool rename_same_folders(const struct rename_step *left, const struct rename_step *right);

/* What stands under the name in its folder; inode 0: nothing, also when folder_fd is -1. */
int rename_look(int folder_fd, const char *path, struct stat *ret, struct error *err) _must_check;
bool rename_is_thing(const struct rename_step *step, const struct stat *there);
/* The thing is under both of its names: a power cut between the syncs of their two folders can leave it so on
 * a file system that logs each folder by itself (btrfs). Takes away the one at path; the folder is to be
 * synced. */
int rename_drop_second_name(const struct rename_step *step, const struct stat *from, const struct stat *to,
        int folder_fd, const char *path, struct error *err) _must_check;
int rename_failed(const struct rename_step *step, int number, struct error *err);

/* Journals that the thing of the step has been replaced by what stands there now, before that is moved: from
 * then on it is known by its inode. */
int rename_adopt(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct stat *there, struct error *err) _must_check;
/* Makes a folder that the plan needs, journalled, so that the way back takes it away. */
int rename_make_folder(struct stage_context *context, struct rename_plan *plan, const char *path,
        struct error *err) _must_check;
/* Newcomers whose setting aside was journalled before a kill. */
int rename_finish_set_asides(struct stage_context *context, struct rename_plan *plan, struct error *err)
        _must_check;
