/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A plan of renames, kept in the journal, that can be killed anywhere and gone through again.
 *
 * All steps are recorded in one transaction before the first is made (rename_plan_record). Each names the
 * thing by its inode, so that rename_plan_run judges from what is on disk: the thing is at its goal: done; it
 * is where it was: rename it; it is at neither: REASON_EVIDENCE_CONTRADICTS, and nothing is touched.
 * Something else that stands in the way (PHP makes its folders again) is journalled and set aside by a
 * rename, never replaced. Every step can be turned round from the journal alone.
 *
 * Paths are below the site's root. Steps that follow each other between the same two folders are made
 * together: renames, one sync of both folders, one record.
 */

#include "states/stage.h"

#include <sys/stat.h>

/* In NAME_MAUTIC_3_FILES: a copy on its way there, or on its way out, that a kill may have left. */
#define RENAME_NAME_COPY ".copy"

enum rename_kind {
        RENAME_MOVE, /* renameat2(RENAME_NOREPLACE) */
        RENAME_SWAP, /* renameat2(RENAME_EXCHANGE): both must be there */
        RENAME_COPY, /* the source stays; the copy appears at once, by a rename */
};

struct rename_step {
        int64_t number; /* in the journal; -1: not recorded yet */
        char *phase; /* the stage's own word; the journal's action */
        enum rename_kind kind;
        char *from, *to;
        mode_t type; /* S_IFMT of the thing */
        mode_t mode; /* its permission bits when the plan was made */
        ino_t inode; /* of the thing */
        ino_t partner; /* RENAME_SWAP: what is to come back; 0: anything */
        bool done;
};

/* What the journal knows of a folder that things are moved out of or into. */
struct rename_folder {
        char *path;
        bool made; /* by the plan; else: its time of last change before the plan */
        ino_t inode;
        struct timespec time;
};

struct rename_plan {
        const char
                *journal; /* the name its steps are kept under: the stage's, or one of the gate's; static */
        struct rename_step *steps;
        size_t count;
        struct rename_folder *folders;
        size_t folder_count;
        /* A later stage's plan, borrowed, or NULL: what that one has moved on from its goal here and can't
         * bring back is its loss, told already. */
        const struct rename_plan *later;
};
void rename_plan_deinit(struct rename_plan *plan);
#define _cleanup_rename_plan_ _cleanup_(rename_plan_deinit)

/* Reads what is recorded; an empty plan when nothing is. */
int rename_plan_load(struct stage_context *context, const char *journal, struct rename_plan *ret,
        struct error *err) _must_check;
/* Adds a step; thing is what stands at from now, partner (RENAME_SWAP only, else NULL) what stands at to. */
void rename_plan_add(struct rename_plan *plan, const char *phase, enum rename_kind kind, const char *from,
        const char *to, const struct stat *thing, const struct stat *partner);
/* Records all new steps in one transaction, and the times of the folders that they change. */
int rename_plan_record(struct stage_context *context, struct rename_plan *plan, struct error *err)
        _must_check;
/* Makes what is left of a phase. Progress counts the steps of the whole plan. */
int rename_plan_run(struct stage_context *context, struct rename_plan *plan, const char *phase,
        struct error *err) _must_check;
/* What the way back does with a thing that is at neither place, nor anything in its stead. */
enum rename_lost {
        RENAME_LOST_FAILS, /* REASON_EVIDENCE_CONTRADICTS */
        RENAME_LOST_IS_TOLD, /* users may delete their own files at any time */
        RENAME_LOST_IS_FINE,
};
/* The way back: whatever of the phase was made is turned round, the last step first. A thing that is at its
 * goal goes back to where it was, and so does what has replaced it there since; a swap is swapped again; a
 * copy that is as we made it is removed, and one that has changed is set aside. Folders made for the plan go
 * when they are empty, and those that things were taken from get their former times. Judged by inodes alone,
 * so it may be killed and called again, and steps that were never made are no error. What stands where a
 * thing came from is set aside. */
int rename_plan_undo(struct stage_context *context, struct rename_plan *plan, const char *phase,
        enum rename_lost lost, struct error *err) _must_check;
/* Whether what stands at path is a thing of the plan in one of its two places. */
bool rename_plan_has(const struct rename_plan *plan, const char *path, const struct stat *there);
bool rename_plan_phase_done(const struct rename_plan *plan, const char *phase);

/* Renames what stands at path into the folder NAME_SET_ASIDE, journalled, and says so in the log. */
int rename_set_aside(struct stage_context *context, struct rename_plan *plan, const char *path,
        struct error *err) _must_check;

/* -1 when the file system of the folder can't rename with RENAME_NOREPLACE and RENAME_EXCHANGE. Leaves
 * nothing behind. */
int rename_probe(int folder_fd, struct error *err) _must_check;
/* What a kill in its middle has left. */
int rename_probe_remove(int folder_fd, struct error *err) _must_check;
