/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/stages.h"

#include "lib/cleanup.h"

const struct stage *const stages[] = {
        &stage_preflight,
        &stage_backup_database,
        &stage_migrate_mautic_2,
        &stage_download_package,
        &stage_extract_package,
        &stage_move_files,
        &stage_update_local_config,
        &stage_migrate_mautic_3,
        &stage_restore_user_data,
        &stage_build_cache,
        &stage_cleanup_files,
        NULL,
};

size_t stage_count(void)
{
        return ARRAY_SIZE(stages) - 1;
}
