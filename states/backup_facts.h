/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What is known of the backup of the database without reading it. */

#include "lib/checkpoint.h"

struct backup_facts {
        char *path; /* absolute; NULL: no backup has been made */
        uint64_t size;
        char *sha256;
        int64_t time_ms; /* when it was done, wall clock */
        char *verification; /* FACT_BACKUP_VERIFICATION, JSON; NULL: not verified */
        char *problem; /* what keeps it from being restored, as far as a look tells; NULL: nothing */
};
void backup_facts_deinit(struct backup_facts *facts);
#define _cleanup_backup_facts_ _cleanup_(backup_facts_deinit)

int backup_facts_load(struct checkpoint *checkpoint, struct backup_facts *ret, struct error *err) _must_check;
