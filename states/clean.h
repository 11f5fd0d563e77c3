/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Deletes, when the user has asked for it, what only the way back needed: Mautic 2's files, the dump of its
 * database and its inventory, the former local.php, the package. In no table of stages: its run is what
 * `clean` does, on a finished or a rolled back upgrade.
 */

#include "states/stage.h"

extern const struct stage clean_stage;

/* What clean would delete, for people to see before they confirm, and what it would leave that they might
 * take for a part of it. */
struct clean_entry {
        char *path; /* absolute */
        char *what; /* "the files of Mautic 2" */
        uint64_t entries; /* files, links and folders */
        uint64_t bytes; /* taken on disk */
};
struct clean_preview {
        struct clean_entry *items; /* to be deleted */
        size_t count;
        struct clean_entry *kept; /* the user's: what stood in the way when files moved */
        size_t kept_count;
        uint64_t bytes; /* that deleting sets free */
};
void clean_preview_deinit(struct clean_preview *preview);
#define _cleanup_clean_preview_ _cleanup_(clean_preview_deinit)

/* Any thread, any state: opens a checkpoint reader and changes nothing. An empty preview when there is
 * nothing to delete. Sums up whole folders, so it is for a job on the pool. */
int clean_preview(const struct config *config, const char *state_path, struct clean_preview *ret,
        struct error *err) _must_check;
