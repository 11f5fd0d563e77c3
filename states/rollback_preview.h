/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What a rollback would mean now, for people to see before they confirm: what was written to the site since
 * Mautic 3 is in service, and what the database would be restored from. Changes nothing.
 */

#include "lib/cancel.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/backup_facts.h"
#include "states/restore_database.h"

#include <stdbool.h>
#include <stdint.h>

#define WRITTEN_FILES_SHOWN 50

struct written_file {
        char *path; /* below the root */
        int64_t time_ms; /* of its last change, wall clock */
        bool set_aside; /* is put into NAME_SET_ASIDE; false: it is in place afterwards as well */
};

struct rollback_preview {
        int64_t since_ms; /* when Mautic 3 came into service; 0: it is not in service */
        struct written_file *files; /* the first WRITTEN_FILES_SHOWN: those set aside first, by path */
        size_t count;
        uint64_t written, set_aside; /* of all */
        struct string_list added; /* names in the root that came since the start, and stay */
        bool whole; /* false: not every folder could be looked into */
        struct backup_facts backup;
        bool files_only; /* begun so, and it goes on so: the database stays */
        struct buffer missing; /* the first of Mautic 2's files that are gone, by name */
        size_t missing_count;
        bool database_touched; /* and so would be restored */
        struct database_preview database; /* filled when it would and nothing was in the way: */
        char *database_problem; /* why its rows could not be compared; NULL: they were */
};
void rollback_preview_deinit(struct rollback_preview *preview);
#define _cleanup_rollback_preview_ _cleanup_(rollback_preview_deinit)

/* Any thread: opens a checkpoint reader and the site. Looks at each file of the site once, so it is for a job
 * on the pool. */
int rollback_preview(const struct config *config, const char *state_path, struct cancel *cancel,
        struct rollback_preview *ret, struct error *err) _must_check;
